/**
 * One expression over the same rows in a database and in the stage engine, for comparing them value by value. The engine gets its
 * rows as plans send those of PostgreSQL, which reads the values of all tests.
 */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Column, ColumnType } from '../../../core/protocol/types.ts';
import type { DialectName } from '../../../language/dialects/dialect.ts';
import { inputColumn } from '../../../language/dialects/duckdb/sql.ts';
import { DUCKDB } from '../../../language/dialects/duckdb/traits.ts';
import { POSTGRES } from '../../../language/dialects/postgres/source.ts';
import { inputSelect } from '../../../workers/dsl/inputs.ts';
import { copyBinary, giveInputs } from '../engine-inputs.ts';
import { openPostgres, type TriedPostgres } from './postgres.ts';
import type { CasesEngine, EdgeColumn, TriedDatabase } from './tried-database.ts';
import { type Skippable, TRIED_DATABASES } from './tried-databases.ts';

export interface TwoEngines {
  readonly database: TriedDatabase;
  /** Makes the table `cases` in both. */
  load(columns: readonly EdgeColumn[]): Promise<void>;
  /** The stage engine. */
  readonly engine: CasesEngine;
  close(): Promise<void>;
}

export async function openTwoEngines(
  name: Exclude<DialectName, 'duckdb' | 'files'>,
  test: Skippable,
): Promise<TwoEngines> {
  const database = await TRIED_DATABASES[name](test);
  const source = name === 'postgres' ? (database as TriedPostgres) : await openPostgres();
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const duck = await instance.connect();
  await duck.run("SET TimeZone = 'UTC'");
  return {
    database,
    async load(columns) {
      await source.load(columns);
      if (database !== source) await database.load(columns);
      await loadEngine(source, duck, columns);
    },
    engine: {
      cast: (sql, type) => `CAST((${sql}) AS ${DUCKDB.typeName(type)})`,
      printed,
      rows: (sql) => texts(duck, sql),
    },
    async close() {
      duck.closeSync();
      instance.closeSync();
      await database.close();
      if (database !== source) await source.close();
    },
  };
}

async function texts(duck: DuckDBConnection, sql: string): Promise<(string | null)[][]> {
  const reader = await duck.runAndReadAll(sql);
  return reader.getRowsJson().map((row) => row.map((cell) => (cell === null ? null : String(cell))));
}

/** Loads the table `cases` of PostgreSQL as plans send its rows. */
async function loadEngine(
  { client }: TriedPostgres,
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

/** Prints months, days and microseconds: two engines word intervals differently. */
function printed(value: string, type: ColumnType): string {
  if (type.kind === 'interval')
    return `(extract(year FROM ${value}) * 12 + extract(month FROM ${value})) || '/' || extract(day FROM ${value}) || '/' || (extract(hour FROM ${value}) * 3600000000 + extract(minute FROM ${value}) * 60000000 + extract(microsecond FROM ${value}))`;
  if (type.kind === 'list') {
    const element = type.of.kind === 'bytes' ? `'\\x' || lower(hex(e))` : 'CAST(e AS VARCHAR)';
    return `CAST(to_json(list_transform(${value}, lambda e: ${element})) AS VARCHAR)`;
  }
  if (type.kind === 'bytes') return `'\\x' || lower(hex(${value}))`;
  return `CAST(${value} AS VARCHAR)`;
}
