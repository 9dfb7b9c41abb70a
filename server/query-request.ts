/**
 * What a client asked for, from body, query string and headers, checked: text, connection, parameters, caps, and
 * the form of the answer. Everything unknown is refused by name, so that a misspelt option is never ignored.
 */
import type { IncomingMessage } from 'node:http';
import accepts from 'accepts';
import type { Request } from 'express';
import { z } from 'zod';
import type { ParameterValue } from '../language/parameters.ts';
import type { AnswerFormat, AnswerOptions } from '../workers/answer.ts';
import { QueryError } from '../workers/errors.ts';
import { givenParameter, parameterValue, parseJsonExactly, setOwn, untypedParameter } from './parameters.ts';

export interface QueryRequest {
  readonly text: string;
  readonly connection: string | null;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly capRows: number | null;
  readonly timeoutMs: number | null;
  readonly pushdown: 'off' | 'auto' | 'require';
  readonly answer: AnswerOptions;
}

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
      rows: z.int().positive().optional().describe('Cap of the answer; reaching it gives `complete: false`'),
      timeoutMs: z.int().positive().optional().describe('Time for all phases together'),
    })
    .optional(),
  pushdown: z.enum(['off', 'auto', 'require']).optional().describe('Where stages may run'),
  format: z.enum(['json', 'ndjson', 'csv', 'arrow', 'parquet']).optional(),
  rows: z.enum(['objects', 'arrays']).optional(),
  numbers: z.enum(['number', 'string']).optional(),
});

/** The schema that is read by: numbers of parameters keep all their digits, and text of a URL has no type. */
const givenBody = queryBody.extend({ params: z.record(z.string(), givenParameter).optional() });

type QueryBody = z.infer<typeof givenBody>;

/** Options that the query string may carry beside the query itself. */
const OPTION_NAMES = new Set([
  'q',
  'connection',
  'format',
  'rows',
  'numbers',
  'pushdown',
  'limit',
  'timeoutMs',
]);
const PARAMETER_PREFIX = 'param.';

/** The raw body as bytes; none is an empty query, which has an error of its own. */
export function bodyOf(request: Request): Buffer {
  const body: unknown = request.body;
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

/** Throws QueryError: bad-json, bad-request, not-acceptable, unsupported-media-type, query-too-large. */
export function readQueryRequest(request: IncomingMessage, body: Buffer, queryBytes: number): QueryRequest {
  const inUrl = readUrl(request);
  const inBody: QueryBody =
    request.method === 'GET' ? { query: requiredText(inUrl.query) } : readBody(request, body);
  checkSize(inBody.query, queryBytes);
  const limits = inBody.limits ?? inUrl.limits;
  return {
    text: inBody.query,
    connection: inBody.connection ?? inUrl.connection ?? null,
    parameters: { ...inUrl.params, ...inBody.params },
    capRows: limits?.rows ?? null,
    timeoutMs: limits?.timeoutMs ?? null,
    pushdown: inBody.pushdown ?? inUrl.pushdown ?? 'auto',
    answer: {
      format: inBody.format ?? inUrl.format ?? acceptedFormat(request),
      rows: inBody.rows ?? inUrl.rows ?? 'objects',
      numbers: inBody.numbers ?? inUrl.numbers ?? 'number',
    },
  };
}

function requiredText(text: string | undefined): string {
  if (text !== undefined) return text;
  throw new QueryError('bad-request', 'the query is missing', {
    hint: 'GET /v1/query?q=select+1, or POST the query as the body.',
  });
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

function readBody(request: IncomingMessage, body: Buffer): QueryBody {
  const type = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  const text = decodeUtf8(body);
  switch (type) {
    case 'application/json':
      return parseBody(parseJson(text));
    case 'application/x-www-form-urlencoded': // what curl -d says of any text
      return formPairs(text) ?? { query: text };
    case '':
    case 'text/plain':
    case 'application/sql':
      return { query: text };
    default:
      throw new QueryError('unsupported-media-type', `a body of type ${type} is not understood`, {
        hint: 'Send the query as text/plain, or {"query": "..."} as application/json.',
      });
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

export function decodeUtf8(body: Buffer): string {
  try {
    return utf8.decode(body);
  } catch {
    throw new QueryError('bad-request', 'the body is not valid UTF-8', {
      hint: 'Encode the query as UTF-8.',
    });
  }
}

export function parseJson(text: string): unknown {
  try {
    return parseJsonExactly(text);
  } catch (thrown) {
    throw new QueryError('bad-json', `the body is not valid JSON: ${(thrown as Error).message}`, {
      hint: 'Send {"query": "select 1"}, or the bare query as text/plain.',
    });
  }
}

/** Throws bad-request that lists everything that is wrong with the body. */
function parseBody(value: unknown): QueryBody {
  const parsed = givenBody.safeParse(value);
  if (parsed.success) return withEveryParameter(parsed.data, value);
  throw new QueryError('bad-request', problemsOf(parsed.error), {
    hint: 'The body is {"query", "connection"?, "params"?, "limits"?, "format"?, "rows"?, "numbers"?, "pushdown"?}; see /openapi.json.',
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

export function problemsOf({ issues }: z.ZodError): string {
  const named = issues.map((issue) => {
    const path = issue.path.length === 0 ? 'the body' : issue.path.join('.');
    return `${path}: ${issue.message}`;
  });
  return named.join('; ');
}

/** A real HTML form's `query=...&format=...`; null for anything else, which is then the query itself. */
function formPairs(text: string): QueryBody | null {
  if (!/^(q|query)=[^\s]*$/.test(text)) return null;
  const pairs = new URLSearchParams(text);
  const query = pairs.get('query') ?? pairs.get('q') ?? '';
  pairs.delete('query');
  pairs.delete('q');
  return { ...readOptions(pairs), query };
}

function readUrl(request: IncomingMessage): Omit<QueryBody, 'query'> & { query?: string } {
  const url = request.url ?? '';
  const start = url.indexOf('?');
  if (start === -1) return {};
  const search = new URLSearchParams(url.slice(start + 1));
  const text = search.get('q');
  return { ...readOptions(search), ...(text !== null && { query: text }) };
}

function readOptions(search: URLSearchParams): Omit<QueryBody, 'query'> {
  const params: Record<string, ParameterValue> = {};
  const options: Record<string, unknown> = {};
  const limits: Record<string, number> = {};
  for (const [name, value] of search) {
    if (name.startsWith(PARAMETER_PREFIX)) readParameter(params, name, value);
    else if (!OPTION_NAMES.has(name)) throw unknownOption(name);
    else if (name === 'limit') limits.rows = Number(value);
    else if (name === 'timeoutMs') limits.timeoutMs = Number(value);
    else if (name === 'format') options.format = checkedFormat(value);
    else if (name !== 'q') options[name] = value;
  }
  const { query: _unused, ...rest } = parseBody({ ...options, limits, params, query: '' });
  return rest;
}

function unknownOption(name: string): QueryError {
  return new QueryError('bad-request', `unknown option ${name} in the query string`, {
    hint: `Known: ${[...OPTION_NAMES].join(', ')}, and ${PARAMETER_PREFIX}<name> for parameters.`,
  });
}

function readParameter(params: Record<string, ParameterValue>, option: string, text: string): void {
  const name = option.slice(PARAMETER_PREFIX.length);
  if (Object.hasOwn(params, name))
    throw new QueryError('bad-request', `the parameter ${name} is given twice in the URL`, {
      hint: `A list is sent in a JSON body: {"params": {"${name}": [...]}}.`,
    });
  setOwn(params, name, untypedParameter(text));
}

const MEDIA_TYPES: Record<string, AnswerFormat> = {
  'application/json': 'json',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'text/csv': 'csv',
  'application/vnd.apache.arrow.stream': 'arrow',
  'application/vnd.apache.parquet': 'parquet',
};

const FORMAT_HINT = `Formats: json, ndjson, csv, arrow, parquet (?format=), or Accept: ${Object.keys(MEDIA_TYPES).join(', ')}.`;

function checkedFormat(name: string): AnswerFormat {
  if (Object.values(MEDIA_TYPES).includes(name as AnswerFormat)) return name as AnswerFormat;
  throw new QueryError('not-acceptable', `unknown answer format ${name}`, { hint: FORMAT_HINT });
}

function acceptedFormat(request: IncomingMessage): AnswerFormat {
  const { accept } = request.headers;
  if (accept === undefined || accept === '*/*') return 'json';
  const type = accepts(request).type(Object.keys(MEDIA_TYPES));
  // A browser that asks for HTML first still takes anything: JSON then.
  if (typeof type === 'string') return MEDIA_TYPES[type] ?? 'json';
  throw new QueryError('not-acceptable', `none of the accepted answer types (${accept}) can be given`, {
    hint: FORMAT_HINT,
  });
}
