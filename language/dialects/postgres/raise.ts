/** Errors that a placed stage raises while it runs in PostgreSQL, which has no function for it. */
import type { WireError } from '../../../core/protocol/errors.ts';
import { MARK } from '../../../core/protocol/raised-error.ts';
import { quoteText } from '../duckdb/sql.ts';

/**
 * The same in PostgreSQL, which has no such function: a cast of the text to a type that it cannot be read as. `salt` is
 * a number that is only known row by row, so that the cast is never computed before.
 */
export function raiseInPostgres(error: WireError, type: string, salt: string): string {
  return `CAST(concat(${quoteText(`${MARK}${JSON.stringify(error)} `)}, ${salt}) AS ${type})`;
}
