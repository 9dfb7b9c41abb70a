/** The dialects that there are: the only file that names them all. A new one is a folder beside it and its lines here. */
import type { DialectName, SourceDialect, StageEngineDialect } from './dialect.ts';
import { DUCKDB_FUNCTIONS } from './duckdb/functions/functions.ts';
import { DUCKDB } from './duckdb/traits.ts';
import type { FunctionTable } from './function-table.ts';
import { MARIADB } from './mariadb/source.ts';
import { POSTGRES_FUNCTIONS } from './postgres/functions/functions.ts';
import { POSTGRES } from './postgres/source.ts';
import { SQLITE } from './sqlite/source.ts';

/** The dialect of the engine that runs the stages which no database runs. */
export const STAGE_ENGINE: StageEngineDialect = DUCKDB;

/** The dialect of SQL of which nobody says where it goes. */
export const USUAL_SOURCE: SourceDialect = POSTGRES;

const SOURCES: Readonly<Partial<Record<DialectName, SourceDialect>>> = {
  postgres: POSTGRES,
  sqlite: SQLITE,
  mariadb: MARIADB,
};

/** The kinds of database that there are. */
export const SOURCE_NAMES: readonly DialectName[] = Object.values(SOURCES).map(({ name }) => name);

/** The SQL of functions, by dialect. */
export const FUNCTION_TABLES: Readonly<Record<DialectName, FunctionTable>> = {
  duckdb: DUCKDB_FUNCTIONS,
  postgres: POSTGRES_FUNCTIONS,
  sqlite: {},
  mariadb: {},
};

/** Returns the dialect of a kind of database. */
export function sourceDialect(name: DialectName): SourceDialect {
  const dialect = SOURCES[name];
  if (dialect === undefined) throw new Error(`${name} is the dialect of no database`);
  return dialect;
}
