/** Reads the options of a download by the older engine's API. */
import { QueryError } from '../../../core/protocol/errors.ts';
import { knownOptions } from './known-options.ts';

export interface Download {
  readonly type: 'csv' | 'tsv' | 'json';
  /** One byte. */
  readonly separator: string;
  readonly fileName: string;
}

const TYPES = ['csv', 'tsv', 'json'] as const;
const SEPARATOR = /^[\t -!#-~]$/;
const FILE_NAME = /^[\w .()+-]{1,100}$/;

/** Throws bad-request. */
export function downloadIn(url: string): Download {
  const given = knownOptions(url, ['type', 'sep', 'file_name']);
  const name = given.get('type') ?? 'csv';
  const type = TYPES.find((known) => known === name.toLowerCase());
  if (type === undefined) throw new QueryError('bad-request', `type must be csv, tsv or json, not ${name}`);
  const separator = given.get('sep') ?? (type === 'tsv' ? '\t' : ',');
  if (!SEPARATOR.test(separator))
    throw new QueryError('bad-request', 'sep must be one visible ASCII character, no quote, or a tab (%09)');
  const fileName = given.get('file_name') ?? `result.${type}`;
  if (!FILE_NAME.test(fileName))
    throw new QueryError('bad-request', 'file_name must be of letters, digits, blanks and . _ ( ) + -');
  return { type, separator, fileName };
}
