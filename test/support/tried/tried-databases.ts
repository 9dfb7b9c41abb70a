/**
 * The databases of the functions' oracle, one row each: a dialect that is missing here does not compile. Files have no functions of
 * their own: the stage engine reads them.
 */
import type { DialectName } from '../../../language/dialects/dialect.ts';
import { openMariadb } from './mariadb.ts';
import { openPostgres } from './postgres.ts';
import { openSparkDatabase } from './spark.ts';
import { openSqlite } from './sqlite.ts';
import type { TriedDatabase } from './tried-database.ts';

/** The part of mocha's context that skips, for databases that are not installed. */
export interface Skippable {
  skip(): never;
}

export const TRIED_DATABASES: Readonly<
  Record<Exclude<DialectName, 'duckdb' | 'files'>, (test: Skippable) => Promise<TriedDatabase>>
> = {
  postgres: openPostgres,
  sqlite: openSqlite,
  mariadb: openMariadb,
  spark: openSparkDatabase,
};
