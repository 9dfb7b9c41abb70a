/**
 * Reads the errors that generated SQL raises. The compiler knows what can go wrong and writes the whole QueryError, as
 * JSON behind a mark, into the text of the database's or the engine's error; workers and server turn it back here.
 */
import { QueryError, type WireError } from './errors.ts';

export const MARK = '@forkline ';

/** Returns the error that the message of a failed cast in PostgreSQL carries; null when it carries none. */
export function raisedInPostgres(message: string, cause: unknown): QueryError | null {
  const found = /: ["„«“]@forkline (\{.*\}) \d+\W$/s.exec(message);
  return found === null ? null : written(found[1]!, cause);
}

/** Returns the error that the text of an exception of DuckDB carries; null when it carries none. */
export function raisedError(message: string, cause: unknown): QueryError | null {
  // Anchored, so that a user's value that another message quotes cannot pass for a raised error.
  const found = /^Invalid Input Error: @forkline (\{.*\})/.exec(message);
  if (found === null) return null;
  return written(found[1]!, cause);
}

function written(json: string, cause: unknown): QueryError {
  const { code, message, ...details } = JSON.parse(json) as WireError; // written by one of the functions above
  return new QueryError(code, message, details, cause);
}

/** The character that generated SQL puts behind a text so that its cast fails. */
export const REFUSED_MARK = '\u0001';
