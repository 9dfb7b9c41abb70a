/**
 * Looks at the text of a large JSON body before it is parsed: one of two megabytes that holds hundreds of thousands of
 * members holds up the event loop for a tenth of a second while it is parsed, and longer while it is checked. A body has
 * some ten members and at most 256 parameters, of which some may be lists; what is long in it is text.
 */
import { QueryError } from '../../../core/protocol/errors.ts';
import { endOfString } from './json-string.ts';

/** Values for `:name` in one query. */
export const MAX_PARAMETERS = 256;
/** Members, items, objects and lists together: a body whose parameters are long lists has so many, and is read in a few milliseconds. */
const MAX_PARTS = 10_000;
/** A shorter text cannot have so many that parsing it takes a millisecond. */
const SMALL_CHARACTERS = 8 * 1024;
const QUOTE = 0x22;
const STARTS_PART = new Set([...',{['].map((character) => character.charCodeAt(0)));

/** Throws bad-request for a text with more members and items than a body may have. It need not be valid JSON. */
export function requireFewParts(json: string): void {
  if (json.length <= SMALL_CHARACTERS) return;
  let parts = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) at = endOfString(json, at) - 1;
    else if (STARTS_PART.has(code) && ++parts > MAX_PARTS) throw tooManyParts();
  }
}

/** Throws bad-request for more than MAX_PARAMETERS members; anything that is no object is for the schema to refuse. */
export function requireFewParameters(params: unknown): void {
  if (typeof params !== 'object' || params === null) return;
  let count = 0;
  for (const _name in params) if (++count > MAX_PARAMETERS) throw tooManyParameters();
}

export function tooManyParameters(): QueryError {
  return new QueryError('bad-request', `a query has at most ${MAX_PARAMETERS} parameters`, {
    hint: 'Put long lists into a table, or send one as the text of an array: `= any (:list::int[])`.',
    limit: { name: 'parameters', value: MAX_PARAMETERS },
  });
}

function tooManyParts(): QueryError {
  return new QueryError('bad-request', `the JSON body has more than ${MAX_PARTS} members and items`, {
    hint: 'Put longer lists into a table, or send one as the text of an array: `= any (:list::int[])`.',
  });
}
