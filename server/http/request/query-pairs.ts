/** Reads options and parameters from `name=value` pairs, in a query string or in the body of an HTML form. */
import type { IncomingMessage } from 'node:http';
import { QueryError } from '../../../core/protocol/errors.ts';
import type { ParameterValue } from '../../../core/protocol/parameters.ts';
import { formatNamed } from './accepted-format.ts';
import { excerptOf } from './excerpt.ts';
import { MAX_PARAMETERS, tooManyParameters } from './json-shape.ts';
import { unknownOption } from './known-options.ts';
import { setOwn, untypedParameter } from './parameters.ts';
import { parseBody } from './query-body.ts';
import { NO_WHOLE_NUMBER, OPTION_NAMES, type QueryBody, type UrlOptions } from './query-schemas.ts';
import { givenTwice, readPairs, searchPairs } from './query-string.ts';

const PARAMETER_PREFIX = 'param.';
const BESIDE_OPTIONS = `, and ${PARAMETER_PREFIX}<name> for parameters`;

/** Reads an HTML form's `query=...&format=...`. Returns null for any other text, which is then the query itself. */
export function formPairs(text: string): QueryBody | null {
  if (!/^(q|query)=[^\s]*$/.test(text)) return null;
  requireFewPairs(text);
  const pairs = new Map(readPairs(text, 'the form'));
  const { query, q } = { query: pairs.get('query'), q: pairs.get('q') };
  if (query !== undefined && q !== undefined) throw givenTwice('the query', 'the form, as query and as q');
  pairs.delete('query');
  pairs.delete('q');
  return { ...readOptions(pairs), query: query ?? q ?? '' };
}

/** Throws when there are too many pairs. Counts before reading them, since reading a megabyte of pairs takes a tenth of a second. */
function requireFewPairs(text: string): void {
  let pairs = 0;
  for (let at = text.indexOf('&'); at !== -1; at = text.indexOf('&', at + 1))
    if (++pairs > MAX_PARAMETERS + OPTION_NAMES.size) throw tooManyParameters();
}

export function readUrl({ url = '' }: IncomingMessage): UrlOptions {
  const pairs = searchPairs(url);
  if (pairs.size === 0) return NO_OPTIONS;
  const query = pairs.get('q');
  return { ...readOptions(pairs), ...(query !== undefined && { query }) };
}

const NO_OPTIONS: UrlOptions = {};

function readOptions(search: ReadonlyMap<string, string>): Omit<QueryBody, 'query'> {
  const params: Record<string, ParameterValue> = {};
  const options: Record<string, unknown> = {};
  const limits: Record<string, number> = {};
  for (const [name, value] of search) {
    if (name.startsWith(PARAMETER_PREFIX)) readParameter(params, name, value);
    else if (!OPTION_NAMES.has(name)) throw unknownOption(name, OPTION_NAMES, BESIDE_OPTIONS);
    else if (name === 'limit') limits.rows = wholeNumber(name, value);
    else if (name === 'timeoutMs') limits.timeoutMs = wholeNumber(name, value);
    else if (name === 'format') options.format = formatNamed(value);
    else if (name !== 'q') options[name] = value;
  }
  const { query: _unused, ...rest } = parseBody({ ...options, limits, params, query: '' });
  return rest;
}

function readParameter(params: Record<string, ParameterValue>, option: string, text: string): void {
  const name = option.slice(PARAMETER_PREFIX.length);
  if (Object.hasOwn(params, name))
    throw new QueryError('bad-request', `the parameter ${name} is given twice in the URL`, {
      hint: `A list is sent in a JSON body: {"params": {"${name}": [...]}}.`,
    });
  setOwn(params, name, untypedParameter(text));
}

/** Returns the number. Throws bad-request for `0x10`, `1e3`, ` 5` and everything else that is not only digits. */
function wholeNumber(name: string, text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value > 0 && Number.isSafeInteger(value)) return value;
  throw new QueryError('bad-request', `${name}=${excerptOf(text)}: ${NO_WHOLE_NUMBER}`, {
    hint: 'Write it with digits only.',
  });
}
