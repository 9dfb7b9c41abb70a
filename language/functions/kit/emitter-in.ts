/** The tables of functions by dialect, and what they say about a call. */
import type { Dialect } from '../../dialects/dialect.ts';
import { DUCKDB_FUNCTIONS } from '../../dialects/duckdb/functions/functions.ts';
import type { Emitter, FunctionTable } from '../../dialects/function-table.ts';
import { POSTGRES_FUNCTIONS } from '../../dialects/postgres/functions/functions.ts';
import type { TypedCall } from '../../types/typed.ts';

export const FUNCTION_TABLES: Readonly<Record<Dialect['name'], FunctionTable>> = {
  duckdb: DUCKDB_FUNCTIONS,
  postgres: POSTGRES_FUNCTIONS,
};

/**
 * Returns the SQL of a call in a dialect; null: the call is not exact there. `over`: its aggregate stands on every row,
 * with an OVER; `group`: any other call.
 */
export function emitterIn(call: TypedCall, dialect: Dialect['name'], use: 'group' | 'over'): Emitter | null {
  const row = FUNCTION_TABLES[dialect][call.key];
  if (row === undefined || typeof row === 'function') return row ?? null;
  if (row.exact !== undefined && !row.exact(call)) return null;
  return use === 'over' && row.over !== undefined ? row.over : row.emit;
}

/** Has the dialect an OVER for this aggregate, whatever its arguments? */
export function hasOver(call: TypedCall, dialect: Dialect['name']): boolean {
  const row = FUNCTION_TABLES[dialect][call.key];
  return row !== undefined && (typeof row === 'function' || row.over !== null);
}
