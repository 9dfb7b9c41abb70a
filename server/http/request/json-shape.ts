/**
 * Checks the text of a large JSON body before it is parsed: two megabytes with hundreds of thousands of members would block
 * the event loop for a tenth of a second while they are parsed, and longer while they are checked. A real body has some ten
 * members and at most 256 parameters, some of which may be lists; only its texts are long.
 */
import { QueryError } from '../../../core/protocol/errors.ts';
import { endOfString } from './json-string.ts';

/** The most parameters (values for `:name`) of one query. */
export const MAX_PARAMETERS = 256;
/** The most members, items, objects and lists together: enough for parameters that are long lists, and parsed in a few milliseconds. */
const MAX_PARTS = 10_000;
/** Texts up to this length are not checked: they cannot have enough members for parsing to take a millisecond. */
const SMALL_CHARACTERS = 8 * 1024;
const QUOTE = 0x22;
const STARTS_PART = new Set([...',{['].map((character) => character.charCodeAt(0)));

/** Throws bad-request for a text with more members and items than a body may have. The text need not be valid JSON. */
export function requireFewParts(json: string): void {
  if (json.length <= SMALL_CHARACTERS) return;
  let parts = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) at = endOfString(json, at) - 1;
    else if (STARTS_PART.has(code) && ++parts > MAX_PARTS) throw tooManyParts();
  }
}

/** Throws bad-request for more than MAX_PARAMETERS members. A value that is not an object is left to the schema, which refuses it. */
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
