/**
 * What a client asked for, from body, query string and headers, checked: text, connection, parameters, caps, and
 * the form of the answer. Everything unknown is refused by name, so that a misspelt option is never ignored.
 */
import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import { z } from 'zod';
import type { AnswerFormat, AnswerOptions } from '../../../core/protocol/answer.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import { databaseText, type ParameterValue } from '../../../core/protocol/parameters.ts';
import { ANSWER_FORMATS, acceptedFormat, formatNamed } from './accepted-format.ts';
import { bodyText, bodyType, parseJson } from './body-text.ts';
import { excerptOf } from './excerpt.ts';
import { MAX_PARAMETERS, requireFewParameters, tooManyParameters } from './json-shape.ts';
import { unknownOption } from './known-options.ts';
import { givenParameter, parameterValue, setOwn, untypedParameter } from './parameters.ts';
import { givenTwice, readPairs, searchPairs } from './query-string.ts';

export interface QueryRequest {
  readonly text: string;
  readonly connection: string | null;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly capRows: number | null;
  readonly timeoutMs: number | null;
  readonly pushdown: 'off' | 'auto' | 'require';
  readonly answer: AnswerOptions;
}

const NO_WHOLE_NUMBER = 'this is no whole number above 0';
const wholeNumberAbove0 = () => z.int({ error: NO_WHOLE_NUMBER }).positive({ error: NO_WHOLE_NUMBER });

/** The JSON body; also what /openapi.json shows. */
export const queryBody = z.strictObject({
  query: z.string().describe('SQL, then stages: `select ... | stage | stage`'),
  connection: z
    .string()
    .optional()
    .describe('The name of a configured connection; the default one otherwise'),
  params: z
    .record(z.string(), parameterValue)
    .optional()
    .describe('Values for `:name` in the query; bound, never pasted'),
  limits: z
    .strictObject({
      rows: wholeNumberAbove0().optional().describe('Cap of the answer; reaching it gives `complete: false`'),
      timeoutMs: wholeNumberAbove0().optional().describe('Time for all phases together'),
    })
    .optional(),
  pushdown: z.enum(['off', 'auto', 'require']).optional().describe('Where stages may run'),
  format: z.enum(ANSWER_FORMATS).optional().describe('The form of the answer; json when left out'),
  rows: z.enum(['objects', 'arrays']).optional().describe('How JSON rows look'),
  numbers: z
    .enum(['number', 'string'])
    .optional()
    .describe('How int64 and decimal look in JSON: exact numbers, or text'),
  end: z
    .enum(['line', 'none'])
    .optional()
    .describe('NDJSON: `none` leaves out the last line (`@end` or `@error`), so that every line is a row'),
});

/** The schema that is read by: numbers of parameters keep all their digits, and text of a URL has no type. */
const givenBody = queryBody.extend({ params: z.record(z.string(), givenParameter).optional() });

type QueryBody = z.infer<typeof givenBody>;
type Parameters = Readonly<Record<string, ParameterValue>>;
type UrlOptions = Omit<QueryBody, 'query'> & { readonly query?: string };

/** What the query string may carry beside values of parameters; also what /openapi.json shows. */
export const urlOptions = z.strictObject({
  q: z.string().describe('The query'),
  format: queryBody.shape.format.describe('Instead of Accept'),
  rows: queryBody.shape.rows,
  numbers: queryBody.shape.numbers,
  end: queryBody.shape.end,
  limit: z.int().positive().optional().describe('Cap of the answer; reaching it gives `complete: false`'),
  timeoutMs: z.int().positive().optional().describe('Time for all phases together'),
  connection: queryBody.shape.connection,
  pushdown: queryBody.shape.pushdown,
});
const OPTION_NAMES = new Set(Object.keys(urlOptions.shape));
const PARAMETER_PREFIX = 'param.';
const BESIDE_OPTIONS = `, and ${PARAMETER_PREFIX}<name> for parameters`;

/** The raw body as bytes; none is an empty query, which has an error of its own. */
export function bodyOf(request: Request): Buffer {
  const body: unknown = request.body;
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

/**
 * `pathFormat` is that of /v1/query.csv and its like. What is asked for twice, in URL, body and path, must be the same.
 * Throws QueryError: bad-json, bad-request, not-acceptable, unsupported-media-type, query-too-large.
 */
export function readQueryRequest(
  request: IncomingMessage,
  body: Buffer,
  queryBytes: number,
  pathFormat?: AnswerFormat,
): QueryRequest {
  const inUrl = readUrl(request);
  const inBody = readsFromUrl(request) ? bodyInUrl(request, inUrl) : readBody(request, body, inUrl);
  checkSize(inBody.query, queryBytes);
  const format = agreed('format', inBody.format, agreed('format', inUrl.format, pathFormat));
  return {
    text: inBody.query,
    connection: agreed('connection', inBody.connection, inUrl.connection) ?? null,
    parameters: bothParameters(inBody.params, inUrl.params),
    capRows: agreed('limit', inBody.limits?.rows, inUrl.limits?.rows) ?? null,
    timeoutMs: agreed('timeoutMs', inBody.limits?.timeoutMs, inUrl.limits?.timeoutMs) ?? null,
    pushdown: agreed('pushdown', inBody.pushdown, inUrl.pushdown) ?? 'auto',
    answer: {
      format: format ?? acceptedFormat(request),
      rows: agreed('rows', inBody.rows, inUrl.rows) ?? 'objects',
      numbers: agreed('numbers', inBody.numbers, inUrl.numbers) ?? 'number',
      end: agreed('end', inBody.end, inUrl.end) ?? 'line',
    },
  };
}

function readsFromUrl({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Throws bad-request when a body stands beside the URL, or no query in it. */
function bodyInUrl({ headers }: IncomingMessage, { query }: UrlOptions): QueryBody {
  if (Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined)
    throw new QueryError('bad-request', 'a GET has its query in the URL, and this one has a body', {
      hint: 'POST the query as the body, or GET /v1/query?q=select+1 without one.',
    });
  if (query !== undefined) return { query };
  throw new QueryError('bad-request', 'the query is missing', {
    hint: 'GET /v1/query?q=select+1, or POST the query as the body.',
  });
}

/** What one of the two says, or both. */
function agreed<T extends string | number>(
  name: string,
  first: T | undefined,
  second: T | undefined,
): T | undefined {
  if (first === undefined) return second;
  if (second === undefined || first === second) return first;
  throw new QueryError('bad-request', `${name} is given twice, as ${first} and as ${second}`, {
    hint: 'Give it once, in the body or in the URL.',
  });
}

function bothParameters(inBody: Parameters = {}, inUrl: Parameters = {}): Parameters {
  for (const name of Object.keys(inUrl))
    if (Object.hasOwn(inBody, name) && databaseText(inBody[name]!) !== databaseText(inUrl[name]!))
      throw givenTwice(`the parameter ${name}`, 'body and URL');
  return { ...inUrl, ...inBody };
}

export function checkSize(text: string, queryBytes: number): void {
  const observed = Buffer.byteLength(text);
  if (observed > queryBytes) throw queryTooLarge(queryBytes, observed);
}

export function queryTooLarge(queryBytes: number, observed?: number): QueryError {
  const limit = { name: 'queryBytes', value: queryBytes, ...(observed !== undefined && { observed }) };
  return new QueryError('query-too-large', `the query text is over ${queryBytes} bytes`, {
    limit,
    hint: 'Put long lists into a table or a parameter; GET /v1/limits shows every limit.',
  });
}

function readBody(request: IncomingMessage, body: Buffer, { query: inUrl }: UrlOptions): QueryBody {
  if (inUrl !== undefined)
    throw new QueryError(
      'bad-request',
      `q in the URL is for GET; a ${request.method} has its query in the body`,
      {
        hint: 'Leave q out, or send a GET.',
      },
    );
  const type = bodyType(request.headers['content-type']);
  const text = bodyText(body, type);
  switch (type.mediaType) {
    case 'application/json':
      return parseBody(parseJson(text));
    case 'application/x-www-form-urlencoded': // what curl -d says of any text
      return formPairs(text) ?? { query: text };
    case '':
    case 'text/plain':
    case 'application/sql':
      return { query: text };
    default:
      throw new QueryError('unsupported-media-type', `a body of type ${type.mediaType} is not understood`, {
        hint: 'Send the query as text/plain, or {"query": "..."} as application/json.',
      });
  }
}

/** Throws bad-request that lists everything that is wrong with the body. */
function parseBody(value: unknown): QueryBody {
  requireFewParameters((value as { params?: unknown } | null)?.params);
  const parsed = givenBody.safeParse(value);
  if (parsed.success) return wellFormed(withEveryParameter(parsed.data, value));
  throw new QueryError('bad-request', problemsOf(parsed.error), {
    hint: 'The body is {"query", "connection"?, "params"?, "limits"?, "format"?, "rows"?, "numbers"?, "end"?, "pushdown"?}; see /openapi.json.',
  });
}

/** The schema's records leave the name `__proto__` out. */
export function withEveryParameter<Body extends { params?: Record<string, ParameterValue> | undefined }>(
  body: Body,
  given: unknown,
): Body {
  const { params } = given as { readonly params?: Readonly<Record<string, unknown>> };
  if (params === undefined || !Object.hasOwn(params, '__proto__')) return body;
  const value = givenParameter.safeParse(Object.getOwnPropertyDescriptor(params, '__proto__')!.value);
  if (!value.success)
    throw new QueryError('bad-request', `params.__proto__: ${value.error.issues[0]!.message}`);
  setOwn(body.params!, '__proto__', value.data);
  return body;
}

/** The first problems, each in a line's length; a body may have hundreds, with names as long as it is. */
export function problemsOf({ issues }: z.ZodError): string {
  const named = issues.slice(0, MAX_PROBLEMS).map((issue) => {
    const path = issue.path.length === 0 ? 'the body' : issue.path.join('.');
    return `${excerptOf(path)}: ${excerptOf(issue.message)}`;
  });
  const more = issues.length - named.length;
  return more === 0 ? named.join('; ') : `${named.join('; ')}; and ${more} more`;
}

const MAX_PROBLEMS = 10;

/** JSON can hold half of a character (`\\ud83d` alone), which no text in UTF-8 can: it would become another one. */
function wellFormed(body: QueryBody): QueryBody {
  const { query, params = {} } = body;
  if (!query.isWellFormed()) throw halfCharacter('query');
  for (const name in params) {
    const value = params[name];
    if (!name.isWellFormed() || !String(value).isWellFormed())
      throw halfCharacter(`params.${name.toWellFormed()}`);
  }
  return body;
}

function halfCharacter(path: string): QueryError {
  return new QueryError('bad-request', `${path}: holds half of a surrogate pair, which is no character`, {
    hint: 'Escape a character past U+FFFF as both of its halves, or not at all.',
  });
}

/** A real HTML form's `query=...&format=...`; null for anything else, which is then the query itself. */
function formPairs(text: string): QueryBody | null {
  if (!/^(q|query)=[^\s]*$/.test(text)) return null;
  requireFewPairs(text);
  const pairs = new Map(readPairs(text, 'the form'));
  const { query, q } = { query: pairs.get('query'), q: pairs.get('q') };
  if (query !== undefined && q !== undefined) throw givenTwice('the query', 'the form, as query and as q');
  pairs.delete('query');
  pairs.delete('q');
  return { ...readOptions(pairs), query: query ?? q ?? '' };
}

/** Before the pairs are read: a megabyte of them takes a tenth of a second. */
function requireFewPairs(text: string): void {
  let pairs = 0;
  for (let at = text.indexOf('&'); at !== -1; at = text.indexOf('&', at + 1))
    if (++pairs > MAX_PARAMETERS + OPTION_NAMES.size) throw tooManyParameters();
}

function readUrl({ url = '' }: IncomingMessage): UrlOptions {
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

/** Throws bad-request for `0x10`, `1e3`, ` 5` and all else that is not digits. */
function wholeNumber(name: string, text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value > 0 && Number.isSafeInteger(value)) return value;
  throw new QueryError('bad-request', `${name}=${excerptOf(text)}: ${NO_WHOLE_NUMBER}`, {
    hint: 'Write it with digits only.',
  });
}
