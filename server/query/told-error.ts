/**
 * Makes the form of an error that others than the query's author may read, in the list of queries and in the log. Values of
 * parameters are private, but databases and engines quote them: whole, in part, or changed (in upper case, joined to others,
 * rounded). So everything quoted and every number is removed from their messages, unless it stands in the query's text,
 * which is shown anyway.
 */
import { withoutValues } from '../../core/logging/redact-values.ts';
import { toldText } from '../../core/protocol/error-text.ts';
import type { ErrorCode, WireError } from '../../core/protocol/errors.ts';
import { quotableValues } from '../../core/protocol/parameters.ts';
import type { QueryRequest } from '../http/request/query-request.ts';

const REMOVED = '***';
/** Matches a quoted text, even one whose end was cut off. An apostrophe inside a word does not begin one. */
const QUOTED =
  /"[^"]*(?:"|$)|(?<![a-z])'[^']*(?:'|$)|`[^`]*(?:`|$)|„[^“”]*(?:[“”]|$)|«[^»]*(?:»|$)|“[^”]*(?:”|$)/gi;
/** The longest message whose words are kept: a longer one must contain a value. */
const LONGEST_WORDS = 8 * 1024;
const BEFORE_VALUE = /[:"'`„«“\n]/;
const NUMBER = /[\d][\w.:+-]*/g;
/** Their messages are the database's or the engine's, also where they do not say so. */
const FOREIGN_WORDS: ReadonlySet<ErrorCode> = new Set([
  'bad-value',
  'bad-parameter',
  'sql-error',
  'assertion-failed',
  'internal',
]);

type Asked = Pick<QueryRequest, 'text' | 'parameters' | 'wasEncrypted'>;

/** The message of an error of an encrypted query: what it says may be a part of the query. */
const NOT_SHOWN = 'not shown, since the query came encrypted';

/** Returns the error as the log may have it: without values of parameters, and of an encrypted query only its place in our code. */
export function loggedError(thrown: unknown, { parameters, wasEncrypted }: Asked): unknown {
  if (!wasEncrypted) return withoutValues(thrown, quotableValues(parameters));
  const { name = 'Error', stack = '' } = thrown as Error;
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return { name, message: NOT_SHOWN, stack: frames.join('\n') };
}

/** Returns the error without everything that may be a parameter's value: in the message, and in a hint that may quote one. */
export function toldError(error: WireError, { text: queryText, parameters, wasEncrypted }: Asked): WireError {
  const { code, message, limit, sqlstate, fromDatabase } = error;
  const values = quotableValues(parameters).filter((value) => typeof value !== 'boolean' && value !== null);
  const told = (text: string): WireError => ({
    code,
    message: toldText(text),
    ...(limit !== undefined && { limit }),
    ...(sqlstate !== undefined && { sqlstate }),
  });
  if (wasEncrypted) return told(NOT_SHOWN);
  if (values.length === 0) return told(message);
  if (fromDatabase !== true && !FOREIGN_WORDS.has(code)) return told(exactly(message, values));
  if (message.length > LONGEST_WORDS) return told(`${message.split(BEFORE_VALUE, 1)[0]}: ${REMOVED}`);
  return told(withoutForeign(exactly(message, values), queryText));
}

function exactly(message: string, values: ReturnType<typeof quotableValues>): string {
  return withoutValues(message, values) as string; // a string stays a string
}

function withoutForeign(message: string, queryText: string): string {
  const isKnown = (text: string): boolean => text.trim() !== '' && queryText.includes(text);
  // The engine repeats the value below its message, with a mark under the wrong part: only the first line is kept.
  const [firstLine = ''] = message.split('\n', 1);
  return firstLine
    .replace(QUOTED, (quoted) => (isKnown(quoted.slice(1, -1)) ? quoted : quoted[0] + REMOVED + quoted[0]))
    .replace(NUMBER, (number) => (isKnown(number) ? number : REMOVED));
}
