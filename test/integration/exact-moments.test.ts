/**
 * Variance, standard deviation, correlation and mean of int64 and decimals are those of PostgreSQL's numeric, also where
 * float64 has no digit left for them, in the stage engine and where they run in the database.
 */

import type { DuckDBConnection } from '@duckdb/node-api';
import { expect } from 'chai';
import pg from 'pg';
import type { NativeType } from '../../core/protocol/types.ts';
import { nativeType } from '../../language/dialects/postgres/types.ts';
import { testDatabase } from '../support/database.ts';
import { openDuckDb, planOf } from '../unit/language/run-plan.ts';

const NUMERIC = 1700;
const TAIL = '.123456789012345678';

interface Case {
  readonly type: string;
  readonly engineType: string;
  readonly native: NativeType;
  readonly values: readonly string[];
}

const int8 = (...values: string[]): Case => ({
  ...{ type: 'int8', engineType: 'BIGINT', native: nativeType(20), values },
});
const numeric = (precision: number, scale: number, ...values: string[]): Case => ({
  type: `numeric(${precision}, ${scale})`,
  engineType: `DECIMAL(${precision}, ${scale})`,
  native: nativeType(NUMERIC, ((precision << 16) | scale) + 4),
  values,
});
const unsized = (...values: string[]): Case => ({
  ...{ type: 'numeric', engineType: 'DECIMAL(38, 18)', native: nativeType(NUMERIC), values },
});

const CASES: readonly Case[] = [
  int8('1', '2', '3', '4', '-5'),
  int8('7'),
  int8('7', '7', '7'),
  int8('9007199254740993', '9007199254740994', '9007199254740999'),
  int8('9223372036854775807', '9223372036854775806', '9223372036854775800', '9223372036854775801'),
  int8('-9223372036854775808', '-9223372036854775807', '-9223372036854775806'),
  int8('9223372036854775807', '-9223372036854775808', '0', '5'),
  int8('4294967295', '4294967296', '4294967297', '2147483647', '2147483648'),
  int8('4294967296000000000', '4294967296000000001', '4294967295999999999'),
  numeric(10, 2, '99999999.99', '99999999.98', '99999999.96'),
  numeric(18, 0, '999999999999999999', '999999999999999998', '-1'),
  numeric(18, 18, '0.999999999999999999', '0.999999999999999998', '0.999999999999999994'),
  numeric(20, 2, '999999999999999999.99', '999999999999999999.98', '999999999999999999.92'),
  numeric(38, 0, '99999999999999999999999999999999999999', '99999999999999999999999999999999999998', '0'),
  numeric(
    38,
    10,
    '9999999999999999999999999999.0000000001',
    '9999999999999999999999999999.0000000002',
    '9999999999999999999999999999.0000000004',
  ),
  numeric(
    38,
    38,
    '0.99999999999999999999999999999999999999',
    '0.99999999999999999999999999999999999998',
    '-0.5',
  ),
  unsized(`12345678901234567890${TAIL}`, '12345678901234567890.123456789012345670', '12345678901234567890.1'),
  unsized(`12345678901234567890${TAIL}`, `-12345678901234567890${TAIL}`, '0.1', '0.000000000000000001'),
];

const STAGE =
  'stats var(x) as a, var_pop(x) as b, stddev(x) as c, stddev_pop(x) as d, corr(x, y) as e, avg(x) as f, corr(x, x) as g';

/** Each by its definition, from numerics with 60 digits after the point. */
const REFERENCE = `
  WITH m AS (SELECT sum(x)::numeric(99, 60) / count(x) AS x, sum(y)::numeric(99, 60) / count(y) AS y, count(x)::numeric(99, 60) AS n FROM cases),
  s AS (SELECT sum((c.x - m.x) ^ 2) AS xx, sum((c.y - m.y) ^ 2) AS yy, sum((c.x - m.x) * (c.y - m.y)) AS xy FROM cases c, m)
  SELECT (xx / nullif(n - 1, 0))::float8, (xx / n)::float8, sqrt((xx / nullif(n - 1, 0))::float8), sqrt((xx / n)::float8),
    (xy / nullif(sqrt(xx::numeric(300, 150)), 0) / nullif(sqrt(yy::numeric(300, 150)), 0))::float8,
    (SELECT sum(x::numeric(99, 60)) / n FROM cases)::float8,
    CASE WHEN xx > 0 THEN 1::float8 END
  FROM s, m`;

describe('moments of int64 and decimals', function () {
  this.timeout(120_000);
  let client: pg.Client;
  let duck: DuckDBConnection;
  before(async () => {
    client = new pg.Client({ connectionString: (await testDatabase()).adminUrl });
    await client.connect();
    duck = await openDuckDb();
  });
  after(async () => {
    duck.closeSync();
    await client.end();
  });

  /** Two columns: the values, and the same in another order; and a row of nulls, and one that is half null. */
  async function load({ type, engineType, values }: Case): Promise<void> {
    const rows = values.map((value, index) => [value, values[(index * 2 + 1) % values.length]!]);
    const literals = (name: string): string =>
      rows.map((row) => `(${row.map((value) => `CAST('${value}' AS ${name})`).join(', ')})`).join(', ');
    await client.query(
      `DROP TABLE IF EXISTS pg_temp.cases; CREATE TEMP TABLE cases (x ${type}, y ${type}); INSERT INTO cases VALUES ${literals(type)}, (NULL, NULL)`,
    );
    await duck.run(
      `CREATE OR REPLACE TEMP TABLE input AS SELECT * FROM (VALUES ${literals(engineType)}, (NULL, NULL)) AS t(x, y)`,
    );
  }

  function expectNear(found: readonly unknown[], wanted: readonly unknown[], title: string): void {
    for (const [index, value] of wanted.entries())
      if (value === null || found[index] === null) expect(found[index], `${title} ${index}`).to.equal(value);
      else
        expect(
          Math.abs(Number(found[index]) - Number(value)),
          `${title} ${index}: ${found[index]} ${value}`,
        ).to.be.at.most(Math.abs(Number(value)) * 1e-9);
  }

  it("are numeric's in the stage engine, and in the database", async () => {
    for (const one of CASES) {
      await load(one);
      const title = `${one.type} ${one.values}`;
      const reference = (await client.query({ text: REFERENCE, rowMode: 'array' })).rows[0]!;
      const columns = ['x', 'y'].map((name) => ({ name, type: one.native }));
      const text = `select x, y from cases | ${STAGE}`;
      const here = await duck.runAndReadAll(planOf(text, columns).worker!.sql);
      expectNear(here.getRows()[0]!, reference, title);
      const placed = planOf(text, columns, { pushdown: 'require' });
      const there = await client.query({ text: placed.sources[0]!.sql, rowMode: 'array' });
      expectNear(there.rows[0]!, reference, `${title}, placed`);
    }
  });

  it('of two columns count the rows that have both', async () => {
    await load(int8('9007199254740993', '9007199254740995', '9007199254740999'));
    await duck.run('INSERT INTO input VALUES (5, NULL), (NULL, 5)');
    const columns = ['x', 'y'].map((name) => ({ name, type: nativeType(20) }));
    const { worker } = planOf('select x, y from cases | stats corr(x, y) as r', columns);
    const with5 = (await duck.runAndReadAll(worker!.sql)).getRows();
    await duck.run('DELETE FROM input WHERE x = 5 OR y = 5');
    expect(with5).to.deep.equal((await duck.runAndReadAll(worker!.sql)).getRows());
  });

  it('are the same over windows and where rows are left out', async () => {
    const values = ['9223372036854775807', '9223372036854775805', '9223372036854775800', '3'];
    await load(int8(...values));
    const columns = ['x', 'y'].map((name) => ({ name, type: nativeType(20) }));
    const filtered = planOf('select x, y from cases | stats var(x) where x > 9 as v', columns).worker!;
    const [[v]] = (await duck.runAndReadAll(filtered.sql)).getRows() as [[number]];
    expect(v).to.be.closeTo(13, 1e-9);
    const windows = planOf('select x, y from cases | where x > 9 | eventstats var(x) as v', columns).worker!;
    for (const row of (await duck.runAndReadAll(windows.sql)).getRows())
      expect(row.at(-1)).to.be.closeTo(13, 1e-9);
    const running = planOf(
      'select x, y from cases | where x > 9 | streamstats stddev_pop(x) as v sort -x',
      columns,
    ).worker!;
    const spreads = (await duck.runAndReadAll(running.sql)).getRows().map((row) => Number(row.at(-1)));
    for (const [index, wanted] of [0, 1, Math.sqrt(26 / 3)].entries())
      expect(spreads[index]).to.be.closeTo(wanted, 1e-9);
  });
});
