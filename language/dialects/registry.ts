/** The dialects that there are: the only file that names them all. A new one is a folder beside it and a line here. */
import type { DialectName, SourceDialect, StageEngineDialect } from './dialect.ts';
import { DUCKDB } from './duckdb/traits.ts';
import { POSTGRES } from './postgres/source.ts';

/** The dialect of the engine that runs the stages which no database runs. */
export const STAGE_ENGINE: StageEngineDialect = DUCKDB;

const SOURCES: Readonly<Partial<Record<DialectName, SourceDialect>>> = { postgres: POSTGRES };

export const DIALECT_NAMES: readonly DialectName[] = [
  STAGE_ENGINE.name,
  ...Object.values(SOURCES).map(({ name }) => name),
];

/** Returns the dialect of a kind of database. */
export function sourceDialect(name: DialectName): SourceDialect {
  const dialect = SOURCES[name];
  if (dialect === undefined) throw new Error(`${name} is the dialect of no database`);
  return dialect;
}
