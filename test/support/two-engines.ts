/**
 * One expression over the same rows in a real PostgreSQL and in the stage engine, for comparing them value by value.
 * Each outcome is a text, null, or `FAILED`: so that a row that fails does not hide the others.
 */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import pg from 'pg';
import { DUCKDB, inputColumn, quoteText } from '../../language/dialects/duckdb.ts';
import { POSTGRES } from '../../language/dialects/postgres-sql.ts';
import type { ColumnType } from '../../language/types.ts';
import { testDatabase } from './database.ts';

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
      const printed = printedByPostgres(sql, type);
      const all =
        group === undefined ? 'FROM cases ORDER BY i' : `FROM cases GROUP BY ${group} ORDER BY ${group}`;
      try {
        const found = await client.query({ text: `SELECT ${printed} ${all}`, rowMode: 'array' });
        return found.rows.map(([value]) => value as string | null); // printed: always text
      } catch {
        const one = `SELECT ${printed} FROM cases WHERE ${group ?? 'i'} = $1`;
        const count =
          group === undefined
            ? rows
            : (await client.query(`SELECT max(${group})::int AS n FROM cases`)).rows[0].n;
        const found = await client.query('SELECT probe AS p FROM pg_temp.probe($1, $2)', [one, count]);
        return found.rows.map(({ p }) => (p[0] === 'ok' ? p[1] : FAILED));
      }
    },
    async duckdb(sql, type, group) {
      const printed = printedByDuckDb(sql, type);
      const all =
        group === undefined ? 'FROM cases ORDER BY i' : `FROM cases GROUP BY ${group} ORDER BY ${group}`;
      try {
        return (await texts(duck, `SELECT ${printed} ${all}`)) as Outcome[];
      } catch {
        return group === undefined ? tryRows(duck, printed) : tryGroups(duck, printed, group);
      }
    },
    async close() {
      duck.closeSync();
      instance.closeSync();
      await client.end();
    },
  };
}

async function texts(duck: DuckDBConnection, sql: string): Promise<(string | null)[]> {
  const reader = await duck.runAndReadAll(sql);
  return reader.getRowsJson().map(([value]) => value as string | null); // printed: always text
}

/** An error inside of TRY is null; a value that is null stands in a list. */
async function tryRows(duck: DuckDBConnection, printed: string): Promise<Outcome[]> {
  try {
    const found = await duck.runAndReadAll(`SELECT TRY([${printed}]) FROM cases ORDER BY i`);
    return found.getRowsJson().map(([value]) => (value === null ? FAILED : (value as (string | null)[])[0]!));
  } catch {
    return tryGroups(duck, printed, 'i'); // some errors get out of a TRY
  }
}

async function tryGroups(duck: DuckDBConnection, printed: string, group: string): Promise<Outcome[]> {
  const numbers = await texts(duck, `SELECT DISTINCT ${group}::VARCHAR FROM cases ORDER BY ${group}`);
  const outcomes: Outcome[] = [];
  for (const number of numbers) {
    const one = texts(duck, `SELECT ${printed} FROM cases WHERE ${group} = ${number}`);
    outcomes.push(
      await one.then(
        ([value]) => value!,
        () => FAILED,
      ),
    );
  }
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

/** From PostgreSQL's own text of them, as plans send it. */
async function loadDuckDb(
  client: pg.Client,
  duck: DuckDBConnection,
  columns: readonly EdgeColumn[],
): Promise<void> {
  const items = columns.map(({ name, type }) =>
    type.kind === 'list'
      ? `array_to_json(${name}::text[])::text`
      : `textin(${OUTPUT[type.kind] ?? `${type.kind}_out`}(${name}))`,
  );
  const found = await client.query({
    text: `SELECT ${['i::text', ...items].join(', ')} FROM cases ORDER BY i`,
    rowMode: 'array',
  });
  const inputs = columns.map(inputColumn);
  const rows = found.rows.map(
    (row: (string | null)[]) =>
      `(${row.map((text) => (text === null ? 'NULL' : quoteText(text))).join(', ')})`,
  );
  const names = ['i', ...columns.map(({ name }) => name)];
  const selected = inputs.map(
    ({ name, csvType, expression }) => `${expression ?? `CAST("${name}" AS ${csvType})`} AS ${name}`,
  );
  await duck.run(
    `CREATE OR REPLACE TEMP TABLE cases AS SELECT ${['CAST(i AS BIGINT) AS i', ...selected].join(', ')} FROM (VALUES ${rows.join(', ')}) AS t(${names.join(', ')})`,
  );
}

const OUTPUT: Readonly<Record<string, string>> = {
  bool: 'boolout',
  int64: 'int8out',
  float64: 'float8out',
  decimal: 'numeric_out',
  string: 'textout',
  bytes: 'byteaout',
  interval: 'interval_out',
};

/** Months, days and microseconds: two engines word intervals differently. */
const INTERVAL_PARTS = (value: string, epoch: string): string =>
  `(${epoch}(year FROM ${value}) * 12 + ${epoch}(month FROM ${value})) || '/' || ${epoch}(day FROM ${value}) || '/' || `;

function printedByPostgres(sql: string, type: ColumnType): string {
  const value = `CAST((${sql}) AS ${POSTGRES.typeName(type)})`;
  if (type.kind === 'interval')
    return `(SELECT ${INTERVAL_PARTS('v', 'extract')} trunc(extract(hour FROM v) * 3600000000 + extract(minute FROM v) * 60000000 + extract(microsecond FROM v)) FROM (SELECT ${value} AS v OFFSET 0) AS b)`;
  if (type.kind === 'list') return `CAST(array_to_json(CAST(${value} AS text[])) AS text)`;
  return `CAST(${value} AS text)`;
}

function printedByDuckDb(sql: string, type: ColumnType): string {
  const value = `CAST((${sql}) AS ${DUCKDB.typeName(type)})`;
  if (type.kind === 'interval')
    return `list_transform([${value}], lambda v: ${INTERVAL_PARTS('v', 'extract')} (extract(hour FROM v) * 3600000000 + extract(minute FROM v) * 60000000 + extract(microsecond FROM v)))[1]`;
  if (type.kind === 'list') return `CAST(to_json(CAST(${value} AS VARCHAR[])) AS VARCHAR)`;
  if (type.kind === 'bytes') return `'\\x' || lower(hex(${value}))`;
  return `CAST(${value} AS VARCHAR)`;
}
