/** Reads the messages of PostgreSQL, its server's and its grammar's alike, for what of ours is in them. */
import type { Placeholder, WireError } from '../../../core/protocol/errors.ts';
import { MARK, raisedFrom } from '../../../core/protocol/raised-error.ts';

const NEAR = / at or near "(?=\$(\d+)"$)/;

/** Finds `at or near "$1"`: a parameter where the grammar wants something else than a value. */
export function placeholderIn(message: string): { readonly placeholder?: Placeholder } {
  const near = NEAR.exec(message);
  if (near === null) return {};
  const start = near.index + near[0].length;
  return { placeholder: { parameter: Number(near[1]), start, end: message.length - 1 } };
}

const RAISED = new RegExp(`: ["„«“]${MARK}(\\{.*\\}) \\d+\\W$`, 's');

/** Returns the error of ours in the message of a failed cast (raise.ts); null when there is none in it. */
export function raisedIn(message: string): WireError | null {
  const found = RAISED.exec(message);
  return found === null ? null : raisedFrom(found[1]!);
}
