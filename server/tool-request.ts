/** The bodies of the language's tools, /v1/format and /v1/complete: JSON by a schema, or the bare query as text. */
import type { Request } from 'express';
import { z } from 'zod';
import { QueryError } from '../workers/errors.ts';
import { givenParameter, parameterValue } from './parameters.ts';
import { bodyOf, checkSize, decodeUtf8, parseJson, problemsOf, withEveryParameter } from './query-request.ts';

export const formatBody = z.strictObject({
  query: z.string().describe('SQL, then stages: `select ... | stage | stage`'),
});

export const completeBody = z.strictObject({
  query: z.string().describe('The text so far; it need not be a whole query'),
  position: z.int().nonnegative().describe('Where the cursor stands: UTF-16 code units before it'),
  connection: z.string().optional().describe('The connection of sources that name none'),
  params: z.record(z.string(), parameterValue).optional().describe('Values for `:name`, as for /v1/query'),
});

const givenComplete = completeBody.extend({ params: z.record(z.string(), givenParameter).optional() });

export type CompleteBody = z.infer<typeof givenComplete>;

/** Throws QueryError: bad-json, bad-request, unsupported-media-type, query-too-large. */
export function readFormatRequest(request: Request, queryBytes: number): string {
  const { query } = isJson(request) ? readJson(request, formatBody) : { query: decodeUtf8(bodyOf(request)) };
  checkSize(query, queryBytes);
  return query;
}

/** Throws the same. */
export function readCompleteRequest(request: Request, queryBytes: number): CompleteBody {
  if (!isJson(request))
    throw new QueryError('unsupported-media-type', 'this wants JSON: it needs a position beside the query', {
      hint: 'Send {"query": "...", "position": 12} as application/json.',
    });
  const body = readJson(request, givenComplete);
  checkSize(body.query, queryBytes);
  return body;
}

function isJson(request: Request): boolean {
  const type = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  return type === 'application/json';
}

function readJson<Schema extends z.ZodObject>(request: Request, schema: Schema): z.infer<Schema> {
  const given = parseJson(decodeUtf8(bodyOf(request)));
  const parsed = schema.safeParse(given);
  if (parsed.success) return withEveryParameter(parsed.data, given);
  throw new QueryError('bad-request', problemsOf(parsed.error), {
    hint: `The body is {${Object.keys(schema.shape).join(', ')}}; see /openapi.json.`,
  });
}
