/**
 * Reads a query's request from body, query string and headers, and checks it: text, connection, parameters, limits, and the
 * form of the answer. Everything unknown is refused by name, so that a misspelt option is never ignored.
 */
import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import { ENCRYPTED_TYPE } from '../../../core/encryption/record-keys.ts';
import type { AnswerFormat, AnswerOptions } from '../../../core/protocol/answer.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import { databaseText, type ParameterValue } from '../../../core/protocol/parameters.ts';
import { wasEncrypted, withoutClaims } from '../../encryption/opened.ts';
import { acceptedFormat } from './accepted-format.ts';
import { bodyText, bodyType, parseJson } from './body-text.ts';
import { parseBody } from './query-body.ts';
import { formPairs, readUrl } from './query-pairs.ts';
import type { QueryBody, UrlOptions } from './query-schemas.ts';
import { givenTwice } from './query-string.ts';

type Parameters = Readonly<Record<string, ParameterValue>>;

export interface QueryRequest {
  readonly text: string;
  readonly connection: string | null;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly capRows: number | null;
  readonly timeoutMs: number | null;
  readonly pushdown: 'off' | 'auto' | 'require';
  /** null: Forkline's own. */
  readonly language: 'legacy' | null;
  /** The model that `*` reads in the legacy language. */
  readonly model: string | null;
  readonly answer: AnswerOptions;
  /** Whether it came encrypted: nothing of its text may be kept or shown. */
  readonly wasEncrypted: boolean;
}

/** Returns the raw body. A missing body is read as an empty query, for which there is an error. */
export function bodyOf(request: Request): Buffer {
  const body: unknown = request.body;
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

/**
 * Reads and checks the request. `pathFormat` is the format that a path such as /v1/query.csv names. An option that is given
 * twice, in URL, body or path, must have the same value.
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
    language: agreed('dialect', inBody.dialect, inUrl.dialect) === 'legacy' ? 'legacy' : null,
    model: agreed('model', inBody.model, inUrl.model) ?? null,
    wasEncrypted: wasEncrypted(request),
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

/** Returns the request that the URL holds. Throws bad-request when there is a body too, or no query in the URL. */
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

/** Returns the value that one of the two places gives. Throws when they give different ones. */
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
    case ENCRYPTED_TYPE:
      return parseBody(withoutClaims(request, parseJson(text)));
    case 'application/x-www-form-urlencoded': // curl -d sends this type for any text
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
