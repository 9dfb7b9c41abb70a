/**
 * What others than its author may read of a query's error: in the list of queries and in the log. The values of its
 * parameters are the author's alone, and databases and engines quote them: whole, in part, or as they have become by then
 * (in upper case, joined to others, rounded). So in the words of others everything quoted and every number goes, unless
 * it stands in the query's text, which is shown anyway.
 */
import { withoutValues } from '../../core/logging/redact-values.ts';
import { toldText } from '../../core/protocol/error-text.ts';
import type { ErrorCode, WireError } from '../../core/protocol/errors.ts';
import { type ParameterValue, quotableValues } from '../../core/protocol/parameters.ts';

const REMOVED = '***';
/** Also one without its end, which was cut. An apostrophe within a word begins nothing. */
const QUOTED =
  /"[^"]*(?:"|$)|(?<![a-z])'[^']*(?:'|$)|`[^`]*(?:`|$)|„[^“”]*(?:[“”]|$)|«[^»]*(?:»|$)|“[^”]*(?:”|$)/gi;
/** A message that is longer has a value in it, whole or cut. */
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

type Parameters = Readonly<Record<string, ParameterValue>>;

/** The error without its hint where that may quote a value, its message without what may be one. */
export function toldError(error: WireError, queryText: string, parameters: Parameters): WireError {
  const { code, message, limit, sqlstate, fromDatabase } = error;
  const values = quotableValues(parameters).filter((value) => typeof value !== 'boolean' && value !== null);
  const told = (text: string): WireError => ({
    code,
    message: toldText(text),
    ...(limit !== undefined && { limit }),
    ...(sqlstate !== undefined && { sqlstate }),
  });
  if (values.length === 0) return told(message);
  if (fromDatabase !== true && !FOREIGN_WORDS.has(code)) return told(exactly(message, values));
  if (message.length > LONGEST_WORDS) return told(`${message.split(BEFORE_VALUE, 1)[0]}: ${REMOVED}`);
  return told(withoutForeign(exactly(message, values), queryText));
}

function exactly(message: string, values: ReturnType<typeof quotableValues>): string {
  return withoutValues(message, values) as string; // a text stays one
}

function withoutForeign(message: string, queryText: string): string {
  const isKnown = (text: string): boolean => text.trim() !== '' && queryText.includes(text);
  // The engine shows a value again below its message, with a mark under what it does not like.
  const [firstLine = ''] = message.split('\n', 1);
  return firstLine
    .replace(QUOTED, (quoted) => (isKnown(quoted.slice(1, -1)) ? quoted : quoted[0] + REMOVED + quoted[0]))
    .replace(NUMBER, (number) => (isKnown(number) ? number : REMOVED));
}
