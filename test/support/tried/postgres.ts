/** PostgreSQL for the functions' oracle. It reads every value of the oracle, and is where the stage engine gets them from. */
import pg from 'pg';
import type { ColumnType } from '../../../core/protocol/types.ts';
import { quoteText } from '../../../language/dialects/duckdb/sql.ts';
import { POSTGRES } from '../../../language/dialects/postgres/source.ts';
import { testDatabase } from '../database.ts';
import { FAILED, insertCases, type TriedDatabase } from './tried-database.ts';

const PROBE = `
CREATE FUNCTION pg_temp.probe(statement text, numbers int8[]) RETURNS SETOF text[] LANGUAGE plpgsql AS $body$
DECLARE
  found text;
  k int8;
BEGIN
  FOREACH k IN ARRAY numbers LOOP
    BEGIN
      EXECUTE statement INTO found USING k;
      RETURN NEXT ARRAY['ok', found];
    EXCEPTION WHEN OTHERS THEN RETURN NEXT ARRAY['failed', SQLERRM];
    END;
  END LOOP;
END $body$`;

export interface TriedPostgres extends TriedDatabase {
  readonly client: pg.Client;
}

export async function openPostgres(): Promise<TriedPostgres> {
  const { adminUrl } = await testDatabase();
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  await client.query(
    `SET timezone = 'UTC'; SET intervalstyle = 'postgres'; SET extra_float_digits = 1; SET jit = off; ${PROBE}`,
  );
  return {
    client,
    dialect: POSTGRES,
    holds: () => true,
    async load(columns) {
      const declared = columns.map(({ name, type }) => `${name} ${POSTGRES.typeName(type)}`);
      await client.query(
        `DROP TABLE IF EXISTS pg_temp.cases; CREATE TEMP TABLE cases (${['i int8', ...declared].join(', ')})`,
      );
      await client.query(
        insertCases(columns, (text, type) => `CAST(${quoteText(text)} AS ${POSTGRES.typeName(type)})`),
      );
    },
    cast: (sql, type) => `CAST((${sql}) AS ${POSTGRES.typeName(type)})`,
    printed,
    async rows(sql) {
      const { rows } = await client.query<(string | null)[]>({ text: sql, rowMode: 'array' });
      return rows.map((row) => row.map((cell) => (cell === null ? null : String(cell))));
    },
    async each(sql, numbers) {
      const { rows } = await client.query<{ p: readonly [string, string | null] }>(
        'SELECT probe AS p FROM pg_temp.probe($1, $2)',
        [sql, numbers],
      );
      return rows.map(({ p: [state, text] }) => (state === 'ok' ? text : FAILED));
    },
    close: () => client.end(),
  };
}

/** Prints months, days and microseconds: two engines word intervals differently. */
function printed(value: string, type: ColumnType): string {
  if (type.kind === 'interval')
    return `(extract(year FROM ${value}) * 12 + extract(month FROM ${value})) || '/' || extract(day FROM ${value}) || '/' || trunc(extract(hour FROM ${value}) * 3600000000 + extract(minute FROM ${value}) * 60000000 + extract(microsecond FROM ${value}))`;
  if (type.kind === 'list') return `CAST(array_to_json(CAST(${value} AS text[])) AS text)`;
  return `CAST(${value} AS text)`;
}
