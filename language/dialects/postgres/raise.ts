/** Errors that a placed stage raises while it runs in PostgreSQL, which has no function for it. */
import type { WireError } from '../../../core/protocol/errors.ts';
import { MARK } from '../../../core/protocol/raised-error.ts';
import type { ColumnType } from '../../../core/protocol/types.ts';
import { postgresType, quoteText } from './sql.ts';

/** A cast of the error's text to a type that it cannot be read as, as PostgreSQL has no function that fails. */
export function raiseInPostgres(error: WireError, type: ColumnType, salt: string): string {
  return `CAST(concat(${quoteText(`${MARK}${JSON.stringify(error)} `)}, ${salt}) AS ${postgresType(type)})`;
}
