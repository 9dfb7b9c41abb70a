/**
 * Errors that a stage's own statement raises while it runs: DuckDB's `error(text)` with our error as JSON in its text, so
 * that the code, the place and the hint, all known while compiling, come back as they are.
 */
import { QueryError, type WireError } from '../../../core/protocol/errors.ts';
import { quoteText } from './sql.ts';

const MARK = '@forkline ';

/** SQL of a call that never returns. */
export function raiseError(error: WireError): string {
  return `error(${quoteText(MARK + JSON.stringify(error))})`;
}

/**
 * The same in PostgreSQL, which has no such function: a cast of the text to a type that it cannot be read as. `salt` is
 * a number that is only known row by row, so that the cast is never computed before.
 */
export function raiseInPostgres(error: WireError, type: string, salt: string): string {
  return `CAST(concat(${quoteText(`${MARK}${JSON.stringify(error)} `)}, ${salt}) AS ${type})`;
}

/** The error in the message of a failed cast of the database's; null when there is none of ours in it. */
export function raisedInPostgres(message: string, cause: unknown): QueryError | null {
  const found = /: ["„«“]@forkline (\{.*\}) \d+\W$/s.exec(message);
  return found === null ? null : written(found[1]!, cause);
}

/** The same, with a message that is made while it runs: `message` is SQL of a text. */
export function raiseErrorAbout(error: Omit<WireError, 'message'>, message: string): string {
  const known = JSON.stringify(error).slice(0, -1);
  return `error(concat(${quoteText(`${MARK}${known},"message":`)}, to_json(${message}), '}'))`;
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
