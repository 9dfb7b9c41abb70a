/** The hint says a way that works where there is no cast: each is tried, in stages or in the database. */

import type { DuckDBConnection } from '@duckdb/node-api';
import { expect } from 'chai';
import pg from 'pg';
import { QueryError } from '../../core/protocol/errors.ts';
import { type ColumnType, typeName } from '../../core/protocol/types.ts';
import { nativeType } from '../../language/dialects/postgres/types.ts';
import { castExists, hintWithoutCast } from '../../language/types/cast-types.ts';
import { testDatabase } from '../support/database.ts';
import { openDuckDb, planOf } from '../unit/language/run-plan.ts';

interface Sample {
  readonly type: ColumnType;
  readonly oid: number;
  readonly sql: string;
}

const SAMPLES: readonly Sample[] = [
  { type: { kind: 'bool' }, oid: 16, sql: 'true' },
  { type: { kind: 'int64' }, oid: 20, sql: '5' },
  { type: { kind: 'float64' }, oid: 701, sql: '1.5' },
  { type: { kind: 'decimal', precision: null, scale: null }, oid: 1700, sql: '2.5' },
  { type: { kind: 'string' }, oid: 25, sql: "'ab'" },
  { type: { kind: 'bytes' }, oid: 17, sql: "'ab'" },
  { type: { kind: 'date' }, oid: 1082, sql: "'2020-01-02'" },
  { type: { kind: 'timestamp' }, oid: 1114, sql: "'2020-01-02 03:04:05'" },
  { type: { kind: 'timestamptz' }, oid: 1184, sql: "'2020-01-02 03:04:05+00'" },
  { type: { kind: 'time' }, oid: 1083, sql: "'03:04:05'" },
  { type: { kind: 'interval' }, oid: 1186, sql: "'1 day'" },
  { type: { kind: 'uuid' }, oid: 2950, sql: "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'" },
  { type: { kind: 'json' }, oid: 114, sql: `'5'` },
  { type: { kind: 'list', of: { kind: 'string' } }, oid: 1009, sql: "['a', 'b']" },
  { type: { kind: 'list', of: { kind: 'int64' } }, oid: 1016, sql: '[1, 2]' },
];
const ENGINE: Readonly<Record<string, string>> = {
  bool: 'BOOLEAN',
  int64: 'BIGINT',
  float64: 'DOUBLE',
  decimal: 'DECIMAL(38,18)',
  string: 'VARCHAR',
  bytes: 'BLOB',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
  timestamptz: 'TIMESTAMPTZ',
  time: 'TIME',
  interval: 'INTERVAL',
  uuid: 'UUID',
  json: 'JSON',
  'list<string>': 'VARCHAR[]',
  'list<int64>': 'BIGINT[]',
};

describe('hints for what has no cast', function () {
  this.timeout(60_000);
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

  /** Whether the words in backquotes compile and run over a column `x` of this type. */
  async function works(hint: string, { type, oid, sql }: Sample): Promise<string | null> {
    for (const [, written] of hint.matchAll(/`([^`]+)`/g)) {
      if (written === 'explode') continue;
      if (/in the SQL/.test(hint)) {
        const value =
          type.kind === 'list'
            ? sql.replace('[', 'array[')
            : `${sql}::${POSTGRES[typeName(type)] ?? typeName(type)}`;
        const text = written!.includes('decode(') ? `'6162'::text` : value;
        await client.query(`SELECT ${written} FROM (SELECT ${text} AS x) AS t`);
        continue;
      }
      const worker = planOf(`select x from t | eval v = ${written}`, [{ name: 'x', type: nativeType(oid) }])
        .worker!;
      const input = worker.inputs[0]!.name;
      await duck.run(
        `CREATE OR REPLACE TEMP TABLE ${input} AS SELECT CAST(${sql} AS ${ENGINE[typeName(type)]}) AS x`,
      );
      await duck.run(worker.sql);
    }
    return null;
  }

  it('work', async () => {
    let tried = 0;
    for (const from of SAMPLES)
      for (const to of SAMPLES) {
        if (castExists(from.type, to.type) || typeName(from.type) === typeName(to.type)) continue;
        const hint = hintWithoutCast(from.type, to.type, 'x');
        // Only the user knows which text the JSON value contains, so this hint is not tried.
        if (from.type.kind === 'json' && !['int64', 'float64', 'decimal'].includes(to.type.kind)) continue;
        tried += Number(hint.includes('`'));
        await works(hint, from).catch((thrown) => {
          const why =
            thrown instanceof QueryError ? `${thrown.message} (${thrown.details.hint})` : String(thrown);
          throw new Error(`${typeName(from.type)} to ${typeName(to.type)}: ${hint}: ${why}`);
        });
      }
    expect(tried).to.be.above(40);
  });

  it('bytes say how they become text, in every place', () => {
    const columns = [{ name: 'y', type: nativeType(17) }];
    for (const stage of [
      'eval z = cast(y as string)',
      'cast y as string',
      "eval z = y || 'a'",
      'eval z = upper(y)',
      "parse y as kv 'a'",
      'pivot count() for y',
      "stats list_join(list(y), ',') as z",
    ]) {
      const error = failureOf(() => planOf(`select y from t | ${stage}`, columns));
      expect(error.details.hint, stage).to.match(/in the SQL: `encode\(\w, 'hex'\)`/);
    }
  });
});

const POSTGRES: Readonly<Record<string, string>> = {
  int64: 'int8',
  float64: 'float8',
  decimal: 'numeric',
  string: 'text',
  bytes: 'bytea',
};

function failureOf(run: () => unknown): QueryError {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof QueryError) return thrown;
    throw thrown;
  }
  throw new Error('it did not fail');
}
