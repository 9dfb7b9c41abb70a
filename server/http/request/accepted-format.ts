/** Which format an answer has: by name, or the one that `Accept` prefers. */
import type { IncomingMessage } from 'node:http';
import accepts from 'accepts';
import type { AnswerFormat } from '../../../core/protocol/answer.ts';
import { QueryError } from '../../../core/protocol/errors.ts';

const MEDIA_TYPES: Readonly<Record<string, AnswerFormat>> = {
  'application/json': 'json',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'text/csv': 'csv',
  'application/vnd.apache.arrow.stream': 'arrow',
  'application/vnd.apache.parquet': 'parquet',
};

const TYPES = Object.keys(MEDIA_TYPES);

export const ANSWER_FORMATS = ['json', 'ndjson', 'csv', 'arrow', 'parquet'] as const satisfies AnswerFormat[];

const FORMAT_HINT = `Formats: ${ANSWER_FORMATS.join(', ')} (?format=), or Accept: ${TYPES.join(', ')}.`;

/** Throws not-acceptable. */
export function formatNamed(name: string): AnswerFormat {
  const format = ANSWER_FORMATS.find((known) => known === name);
  if (format !== undefined) return format;
  throw new QueryError('not-acceptable', `unknown answer format ${name}`, { hint: FORMAT_HINT });
}

/** Throws not-acceptable. */
export function acceptedFormat({ headers }: IncomingMessage): AnswerFormat {
  const { accept } = headers;
  if (accept === undefined || accept === '*/*' || accept.trim() === '') return 'json';
  const plain = withoutParameters(accept);
  // It reads nothing else of a request; an empty list would mean anything to it.
  const type = plain !== '' && accepts({ headers: { accept: plain } } as IncomingMessage).type(TYPES);
  // A browser that asks for HTML first still takes anything: JSON then.
  if (typeof type === 'string') return MEDIA_TYPES[type] ?? 'json';
  throw new QueryError('not-acceptable', `none of the accepted answer types (${accept}) can be given`, {
    hint: FORMAT_HINT,
  });
}

/** An entry of the list: anything up to a comma that stands in no quotes. */
const ENTRY = /(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g;
const PARAMETER = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g;
const CHARSETS = new Set(['utf-8', 'utf8', '*']);

/**
 * The list with nothing but types and their weights. Parameters such as `header=present` ask for what we cannot vary; for
 * text in another charset an entry asks in vain.
 */
function withoutParameters(accept: string): string {
  if (!accept.includes(';')) return accept;
  const entries: string[] = [];
  for (const [entry] of accept.matchAll(ENTRY)) {
    const parameters = [...entry.matchAll(PARAMETER)].map(
      ([, name, quoted, plain]) => [name!.toLowerCase(), (quoted ?? plain ?? '').toLowerCase()] as const,
    );
    if (parameters.some(([name, value]) => name === 'charset' && !CHARSETS.has(value))) continue;
    const weight = parameters.find(([name]) => name === 'q');
    const type = entry.split(';', 1)[0]!.trim();
    entries.push(weight === undefined ? type : `${type};q=${weight[1]}`);
  }
  return entries.join(', ');
}
