/** The form in which a kept result is wanted: options of the query string, then `Accept`, then the form that its query asked for. */
import type { IncomingMessage } from 'node:http';
import type { AnswerOptions } from '../../../core/protocol/answer.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import { acceptedFormat, formatNamed } from './accepted-format.ts';

const VALUES = {
  rows: ['objects', 'arrays'],
  numbers: ['number', 'string'],
  end: ['line', 'none'],
} as const;

export const RESULT_OPTIONS: readonly string[] = ['format', ...Object.keys(VALUES)];

/** Throws bad-request, not-acceptable. */
export function resultOptions(
  request: IncomingMessage,
  given: ReadonlyMap<string, string>,
  usual: AnswerOptions,
): AnswerOptions {
  const format = given.get('format');
  return {
    format: format === undefined ? acceptedFormat(request, usual.format) : formatNamed(format),
    rows: valueIn('rows', given) ?? usual.rows,
    numbers: valueIn('numbers', given) ?? usual.numbers,
    end: valueIn('end', given) ?? usual.end,
  };
}

function valueIn<N extends keyof typeof VALUES>(
  name: N,
  given: ReadonlyMap<string, string>,
): (typeof VALUES)[N][number] | undefined {
  const value = given.get(name);
  if (value === undefined) return undefined;
  const known: readonly (typeof VALUES)[N][number][] = VALUES[name];
  const found = known.find((each) => each === value);
  if (found !== undefined) return found;
  throw new QueryError('bad-request', `${name} must be ${known.join(' or ')}, not ${value}`);
}
