/**
 * Errors that a stage's own statement raises while it runs: DuckDB's `error(text)` with our error as JSON in its text, so
 * that the code, the place and the hint, all known while compiling, come back as they are.
 */
import type { WireError } from '../../../core/protocol/errors.ts';
import { MARK } from '../../../core/protocol/raised-error.ts';
import { quoteText } from './sql.ts';

/** SQL of a call that never returns. */
export function raiseError(error: WireError): string {
  return `error(${quoteText(MARK + JSON.stringify(error))})`;
}

/** Returns SQL of a call that raises the error with a message that is computed when it runs: `message` is SQL of a text. */
export function raiseErrorAbout(error: Omit<WireError, 'message'>, message: string): string {
  const known = JSON.stringify(error).slice(0, -1);
  return `error(concat(${quoteText(`${MARK}${known},"message":`)}, to_json(${message}), '}'))`;
}
