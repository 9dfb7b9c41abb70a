/**
 * One expression over the same rows in a real PostgreSQL and in the stage engine, for comparing them value by value.
 * Each outcome is a text, null, or `FAILED`: so that a row that fails does not hide the others.
 */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import pg from 'pg';
import type { Column, ColumnType } from '../../core/protocol/types.ts';
import { inputColumn, quoteText } from '../../language/dialects/duckdb/sql.ts';
import { DUCKDB } from '../../language/dialects/duckdb/traits.ts';
import { POSTGRES } from '../../language/dialects/postgres/source.ts';
import { inputSelect } from '../../workers/dsl/inputs.ts';
import { testDatabase } from './database.ts';
import { copyBinary, giveInputs } from './engine-inputs.ts';

export const FAILED = Symbol('failed');
export type Outcome = string | null | typeof FAILED;

export interface EdgeColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** One a row, as PostgreSQL reads them. */
  readonly texts: readonly (string | null)[];
}

export interface TwoEngines {
  /** Makes the table `cases` in both: the columns, and `i`, the number of the row from 1. */
  load(columns: readonly EdgeColumn[]): Promise<void>;
  /** `sql` is evaluated on each row, or with `group` on each value of that column. */
  postgres(sql: string, type: ColumnType, group?: string): Promise<Outcome[]>;
  duckdb(sql: string, type: ColumnType, group?: string): Promise<Outcome[]>;
  close(): Promise<void>;
}

const PROBE = `
CREATE FUNCTION pg_temp.probe(statement text, n int8) RETURNS SETOF text[] LANGUAGE plpgsql AS $body$
DECLARE found text;
BEGIN
  FOR k IN 1..n LOOP
    BEGIN
      EXECUTE statement INTO found USING k;
      RETURN NEXT ARRAY['ok', found];
    EXCEPTION WHEN OTHERS THEN RETURN NEXT ARRAY['failed', SQLERRM];
    END;
  END LOOP;
END $body$`;

export async function openTwoEngines(): Promise<TwoEngines> {
  const { adminUrl } = await testDatabase();
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  await client.query(
    `SET timezone = 'UTC'; SET intervalstyle = 'postgres'; SET extra_float_digits = 1; SET jit = off; ${PROBE}`,
  );
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const duck = await instance.connect();
  await duck.run("SET TimeZone = 'UTC'");
  let rows = 0;
  return {
    async load(columns) {
      rows = columns[0]?.texts.length ?? 1;
      await loadPostgres(client, columns, rows);
      await loadDuckDb(client, duck, columns);
    },
    async postgres(sql, type, group) {
      const all = rowsOf(sql, printedByPostgres('v', type), POSTGRES.typeName(type), group);
      try {
        const found = await client.query({ text: `${all()} ORDER BY k`, rowMode: 'array' });
        return found.rows.map(([value]) => value as string | null); // printed: always text
      } catch {
        const last = await client.query(`SELECT max(${group ?? 'i'})::int AS n FROM cases`);
        const found = await client.query('SELECT probe AS p FROM pg_temp.probe($1, $2)', [
          all('$1'),
          last.rows[0].n,
        ]);
        return found.rows.map(({ p }) => (p[0] === 'ok' ? p[1] : FAILED));
      }
    },
    async duckdb(sql, type, group) {
      const all = rowsOf(sql, printedByDuckDb('v', type), DUCKDB.typeName(type), group);
      try {
        return (await texts(duck, `${all()} ORDER BY k`)) as Outcome[];
      } catch {
        return oneByOne(duck, group ?? 'i', all);
      }
    },
    async close() {
      duck.closeSync();
      instance.closeSync();
      await client.end();
    },
  };
}

async function texts(duck: DuckDBConnection, sql: string, column = 0): Promise<(string | null)[]> {
  const reader = await duck.runAndReadAll(sql);
  return reader.getRowsJson().map((row) => row[column] as string | null); // printed: always text
}

/** All rows, or those of one key: the value is computed first and printed from outside. */
function rowsOf(
  sql: string,
  printed: string,
  typeName: string,
  group: string | undefined,
): (key?: string) => string {
  const keyName = group ?? 'i';
  const grouping = group === undefined ? '' : ` GROUP BY ${group}`;
  return (key) => {
    const where = key === undefined ? '' : ` WHERE ${keyName} = ${key}`;
    return `SELECT ${printed} FROM (SELECT ${keyName} AS k, CAST((${sql}) AS ${typeName}) AS v FROM cases${where}${grouping}) AS t`;
  };
}

/** Which rows fail: each on its own. */
async function oneByOne(
  duck: DuckDBConnection,
  keyName: string,
  rows: (key: string) => string,
): Promise<Outcome[]> {
  const keys = await texts(
    duck,
    `SELECT DISTINCT ${keyName}, CAST(${keyName} AS VARCHAR) AS t FROM cases ORDER BY 1`,
    1,
  );
  const outcomes: Outcome[] = [];
  for (const key of keys)
    outcomes.push(
      await texts(duck, rows(key!)).then(
        ([value]) => value!,
        () => FAILED,
      ),
    );
  return outcomes;
}

async function loadPostgres(client: pg.Client, columns: readonly EdgeColumn[], rows: number): Promise<void> {
  const declared = columns.map(({ name, type }) => `${name} ${POSTGRES.typeName(type)}`);
  await client.query(
    `DROP TABLE IF EXISTS pg_temp.cases; CREATE TEMP TABLE cases (${['i int8', ...declared].join(', ')})`,
  );
  const values = Array.from({ length: rows }, (_, row) => {
    const cells = columns.map(({ texts, type }) => {
      const text = texts[row]!;
      return text === null ? 'NULL' : `CAST(${quoteText(text)} AS ${POSTGRES.typeName(type)})`;
    });
    return `(${[String(row + 1), ...cells].join(', ')})`;
  });
  await client.query(`INSERT INTO cases VALUES ${values.join(', ')}`);
}

/** Loads the table `cases` of PostgreSQL as plans send its rows. */
async function loadDuckDb(
  client: pg.Client,
  duck: DuckDBConnection,
  columns: readonly EdgeColumn[],
): Promise<void> {
  const all: readonly Column[] = [{ name: 'i', type: { kind: 'int64' } }, ...columns];
  const items = all.map(({ name, type }) => `${POSTGRES.sent(name, type)} AS ${name}`);
  const bytes = await copyBinary(client, `SELECT ${items.join(', ')} FROM cases ORDER BY i`);
  const inputs = all.map((column) =>
    inputColumn(column, POSTGRES.wireOf(POSTGRES.describedColumn(column, false))),
  );
  giveInputs(duck, [{ columns: inputs, bytes }]);
  await duck.run(`CREATE OR REPLACE TEMP TABLE cases AS ${inputSelect(inputs, 0)}`);
}

/** Months, days and microseconds: two engines word intervals differently. */
const INTERVAL_PARTS = (value: string): string =>
  `(extract(year FROM ${value}) * 12 + extract(month FROM ${value})) || '/' || extract(day FROM ${value}) || '/' || `;

function printedByPostgres(value: string, type: ColumnType): string {
  if (type.kind === 'interval')
    return `${INTERVAL_PARTS(value)} trunc(extract(hour FROM ${value}) * 3600000000 + extract(minute FROM ${value}) * 60000000 + extract(microsecond FROM ${value}))`;
  if (type.kind === 'list') return `CAST(array_to_json(CAST(${value} AS text[])) AS text)`;
  return `CAST(${value} AS text)`;
}

function printedByDuckDb(value: string, type: ColumnType): string {
  if (type.kind === 'interval')
    return `${INTERVAL_PARTS(value)} (extract(hour FROM ${value}) * 3600000000 + extract(minute FROM ${value}) * 60000000 + extract(microsecond FROM ${value}))`;
  if (type.kind === 'list') {
    const element = type.of.kind === 'bytes' ? `'\\x' || lower(hex(e))` : 'CAST(e AS VARCHAR)';
    return `CAST(to_json(list_transform(${value}, lambda e: ${element})) AS VARCHAR)`;
  }
  if (type.kind === 'bytes') return `'\\x' || lower(hex(${value}))`;
  return `CAST(${value} AS VARCHAR)`;
}
