/**
 * The text that generated SQL writes into an error that it raises, and how the workers and the server read it there:
 * the error of ours, as JSON behind a mark, comes back as it was known while compiling.
 */
import { QueryError, type WireError } from './errors.ts';

export const MARK = '@forkline ';

/** The error in the message of a failed cast of the database's; null when there is none of ours in it. */
export function raisedInPostgres(message: string, cause: unknown): QueryError | null {
  const found = /: ["„«“]@forkline (\{.*\}) \d+\W$/s.exec(message);
  return found === null ? null : written(found[1]!, cause);
}

/** The error in the text of an exception of the engine's; null when there is none of ours in it. */
export function raisedError(message: string, cause: unknown): QueryError | null {
  // Anchored: a value of the user's, quoted later in another message, must not pass for it.
  const found = /^Invalid Input Error: @forkline (\{.*\})/.exec(message);
  if (found === null) return null;
  return written(found[1]!, cause);
}

function written(json: string, cause: unknown): QueryError {
  const { code, message, ...details } = JSON.parse(json) as WireError; // written by one of the functions above
  return new QueryError(code, message, details, cause);
}

/** Behind a text that is refused. */
export const REFUSED_MARK = '\u0001';
