/** The dialects that there are: the only file that names them all. A new one is a folder beside it and a line here. */
import type { PlanRequest } from '../../core/protocol/plan.ts';
import { dialectAt } from '../source/connections.ts';
import type { DialectName, SourceDialect, StageEngineDialect } from './dialect.ts';
import { DUCKDB } from './duckdb/traits.ts';
import { POSTGRES } from './postgres/source.ts';

/** The dialect of the engine that runs the stages which no database runs. */
export const STAGE_ENGINE: StageEngineDialect = DUCKDB;

/** The dialect of SQL of which nobody says where it goes. */
export const USUAL_SOURCE: SourceDialect = POSTGRES;

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

/** Names the dialect of the database behind a connection. */
export function dialectOfConnection(
  { dialects }: Pick<PlanRequest, 'dialects'>,
  connection: string,
): DialectName {
  return dialectAt(dialects, connection, null);
}
