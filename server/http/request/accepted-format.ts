/** Determines the format of an answer: by its name, or by the `Accept` header. */
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

/** Returns the format with this name. Throws not-acceptable. */
export function formatNamed(name: string): AnswerFormat {
  const format = ANSWER_FORMATS.find((known) => known === name);
  if (format !== undefined) return format;
  throw new QueryError('not-acceptable', `unknown answer format ${name}`, { hint: FORMAT_HINT });
}

/** Returns the format that `Accept` prefers; the usual one without a preference. Throws not-acceptable. */
export function acceptedFormat({ headers }: IncomingMessage, usual: AnswerFormat = 'json'): AnswerFormat {
  const { accept } = headers;
  if (accept === undefined || accept === '*/*' || accept.trim() === '') return usual;
  const plain = withoutParameters(accept);
  // `accepts` reads only this header. It would take an empty list to allow any type.
  const types = usual === 'json' ? TYPES : [TYPES.find((type) => MEDIA_TYPES[type] === usual)!, ...TYPES];
  const type = plain !== '' && accepts({ headers: { accept: plain } } as IncomingMessage).type(types);
  // A browser asks for HTML first and accepts anything else too: it gets the usual format.
  if (typeof type === 'string') return MEDIA_TYPES[type] ?? usual;
  throw new QueryError('not-acceptable', `none of the accepted answer types (${accept}) is available`, {
    hint: FORMAT_HINT,
  });
}

/** Matches an entry of the list: everything up to a comma outside quotes. */
const ENTRY = /(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g;
const PARAMETER = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g;
const CHARSETS = new Set(['utf-8', 'utf8', '*']);

/**
 * Returns the list with only types and their weights. Parameters such as `header=present` are dropped, since the answer
 * cannot vary by them; an entry that asks for another charset than UTF-8 is dropped as a whole.
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
