/**
 * Errors that a stage's own statement raises while it runs: DuckDB's `error(text)` with our error as JSON in its text, so
 * that the code, the place and the hint, all known while compiling, come back as they are.
 */
import { QueryError, type WireError } from '../workers/errors.ts';
import { quoteText } from './dialects/duckdb.ts';

const MARK = '@forkline ';

/** SQL of a call that never returns. */
export function raiseError(error: WireError): string {
  return `error(${quoteText(MARK + JSON.stringify(error))})`;
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
  const { code, message: text, ...details } = JSON.parse(found[1]!) as WireError; // written by raiseError
  return new QueryError(code, text, details, cause);
}
