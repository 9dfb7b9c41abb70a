/** Looks up a call in the dialects' tables of functions. */
import type { DialectName } from '../../dialects/dialect.ts';
import type { Emitter } from '../../dialects/function-table.ts';
import { FUNCTION_TABLES } from '../../dialects/registry.ts';
import type { TypedCall } from '../../types/typed.ts';

/**
 * Returns the SQL of a call in a dialect; null: the call is not exact there. `over`: its aggregate stands on every row,
 * with an OVER; `group`: any other call.
 */
export function emitterIn(call: TypedCall, dialect: DialectName, use: 'group' | 'over'): Emitter | null {
  const row = FUNCTION_TABLES[dialect][call.key];
  if (row === undefined || typeof row === 'function') return row ?? null;
  if (row.exact !== undefined && !row.exact(call)) return null;
  return use === 'over' && row.over !== undefined ? row.over : row.emit;
}

/** Tells whether the dialect has an OVER for this aggregate, whatever its arguments. */
export function hasOver(call: TypedCall, dialect: DialectName): boolean {
  const row = FUNCTION_TABLES[dialect][call.key];
  return row !== undefined && (typeof row === 'function' || row.over !== null);
}
