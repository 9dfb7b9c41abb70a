/** Errors that a placed stage raises while it runs in PostgreSQL, which has no function for it. */
import type { WireError } from '../../../core/protocol/errors.ts';
import { MARK } from '../../../core/protocol/raised-error.ts';
import type { ColumnType } from '../../../core/protocol/types.ts';
import { postgresType, quoteText } from './sql.ts';

/** A cast of the error's text to a type that it cannot be read as, as PostgreSQL has no function that fails. */
export function raiseInPostgres(error: WireError, type: ColumnType, salt: string): string {
  return `CAST(concat(${quoteText(`${MARK}${JSON.stringify(error)} `)}, ${salt}) AS ${postgresType(type)})`;
}

/** Returns SQL that raises the error with a message that is computed when it runs, where a bool stands: `message` is SQL of a text. */
export function raiseAboutInPostgres(error: Omit<WireError, 'message'>, message: string): string {
  const known = JSON.stringify(error).slice(0, -1);
  const parts = [
    quoteText(`${MARK}${known},"message":`),
    `to_json(${message})`,
    `'} '`,
    `length(${message})`,
  ];
  return `CAST(concat(${parts.join(', ')}) AS bool)`;
}
