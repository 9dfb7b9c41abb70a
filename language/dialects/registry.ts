/** The dialects that there are: the only file that names them all. A new one is a folder beside it and its lines here. */
import type { DialectName, SourceDialect, StageEngineDialect } from './dialect.ts';
import { DUCKDB_FUNCTIONS } from './duckdb/functions/functions.ts';
import { DUCKDB } from './duckdb/traits.ts';
import { FILES_JUDGE } from './files/judge.ts';
import { FILES } from './files/source.ts';
import type { FunctionTable } from './function-table.ts';
import type { SqlJudge } from './judge.ts';
import { MARIADB_FUNCTIONS } from './mariadb/functions.ts';
import { MARIADB_JUDGE } from './mariadb/judge.ts';
import { MARIADB } from './mariadb/source.ts';
import { POSTGRES_FUNCTIONS } from './postgres/functions/functions.ts';
import { POSTGRES_JUDGE } from './postgres/guard/sql-judge.ts';
import { POSTGRES } from './postgres/source.ts';
import { SPARK_FUNCTIONS } from './spark/functions/functions.ts';
import { SPARK_JUDGE } from './spark/judge.ts';
import { SPARK } from './spark/source.ts';
import { SQLITE_JUDGE } from './sqlite/judge.ts';
import { SQLITE } from './sqlite/source.ts';

/** The dialect of the engine that runs the stages which no database runs. */
export const STAGE_ENGINE: StageEngineDialect = DUCKDB;

/** The dialect of SQL of which nobody says where it goes. */
export const USUAL_SOURCE: SourceDialect = POSTGRES;

/** All that a kind of database brings. */
interface Source {
  readonly dialect: SourceDialect;
  readonly judge: SqlJudge;
}

const SOURCES: Readonly<Partial<Record<DialectName, Source>>> = {
  postgres: { dialect: POSTGRES, judge: POSTGRES_JUDGE },
  sqlite: { dialect: SQLITE, judge: SQLITE_JUDGE },
  spark: { dialect: SPARK, judge: SPARK_JUDGE },
  mariadb: { dialect: MARIADB, judge: MARIADB_JUDGE },
  files: { dialect: FILES, judge: FILES_JUDGE },
};

/** The kinds of database that there are. */
export const SOURCE_NAMES: readonly DialectName[] = Object.values(SOURCES).map(({ dialect }) => dialect.name);

/** The SQL of functions, by dialect. */
export const FUNCTION_TABLES: Readonly<Record<DialectName, FunctionTable>> = {
  duckdb: DUCKDB_FUNCTIONS,
  postgres: POSTGRES_FUNCTIONS,
  sqlite: {},
  spark: SPARK_FUNCTIONS,
  mariadb: MARIADB_FUNCTIONS,
  files: {},
};

/** Returns the dialect of a kind of database. */
export function sourceDialect(name: DialectName): SourceDialect {
  return sourceOf(name).dialect;
}

/** Returns the judge of users' SQL for a kind of database. */
export function judgeOf(name: DialectName): SqlJudge {
  return sourceOf(name).judge;
}

function sourceOf(name: DialectName): Source {
  const source = SOURCES[name];
  if (source === undefined) throw new Error(`${name} is the dialect of no database`);
  return source;
}
