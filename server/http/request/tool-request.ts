/** Reads the bodies of /v1/format and /v1/complete: JSON that a schema checks, or the bare query as text. */
import type { Request } from 'express';
import { z } from 'zod';
import { QueryError } from '../../../core/protocol/errors.ts';
import { type BodyType, bodyText, bodyType, parseJson } from './body-text.ts';
import { requireFewParameters } from './json-shape.ts';
import { givenParameter, parameterValue } from './parameters.ts';
import { problemsOf, withEveryParameter } from './query-body.ts';
import { bodyOf, checkSize } from './query-request.ts';

const dialect = z
  .enum(['forkline', 'legacy'])
  .optional()
  .describe('The language of the query: `legacy` is that of docs/legacy-language.md');

export const formatBody = z.strictObject({
  query: z.string().describe('SQL, then stages: `select ... | stage | stage`'),
  dialect,
});

export const completeBody = z.strictObject({
  query: z.string().describe('The text so far; it need not be a whole query'),
  position: z.int().nonnegative().describe('Where the cursor stands: UTF-16 code units before it'),
  connection: z.string().optional().describe('The connection of sources that name none'),
  params: z.record(z.string(), parameterValue).optional().describe('Values for `:name`, as for /v1/query'),
  dialect,
  model: z.string().min(1).max(200).optional().describe('With `dialect: legacy`: the table that `*` reads'),
});

const givenComplete = completeBody.extend({ params: z.record(z.string(), givenParameter).optional() });

export type CompleteBody = z.infer<typeof givenComplete>;

const TEXT_TYPES = new Set(['', 'text/plain', 'application/sql', 'application/x-www-form-urlencoded']);

export interface FormatRequest {
  readonly query: string;
  readonly language: 'legacy' | null;
}

/** Returns the query to format. Throws QueryError: bad-json, bad-request, unsupported-media-type, query-too-large. */
export function readFormatRequest(request: Request, queryBytes: number): FormatRequest {
  const type = bodyType(request.headers['content-type']);
  const body: z.infer<typeof formatBody> = isJson(type)
    ? readJson(request, type, formatBody)
    : { query: readText(request, type) };
  checkSize(body.query, queryBytes);
  return { query: body.query, language: body.dialect === 'legacy' ? 'legacy' : null };
}

/** Returns the checked body of a completion. Throws the same errors as `readFormatRequest`. */
export function readCompleteRequest(request: Request, queryBytes: number): CompleteBody {
  const type = bodyType(request.headers['content-type']);
  if (!isJson(type))
    throw new QueryError(
      'unsupported-media-type',
      'a completion needs a JSON body with the query and a position',
      {
        hint: 'Send {"query": "...", "position": 12} as application/json.',
      },
    );
  const body = readJson(request, type, givenComplete);
  checkSize(body.query, queryBytes);
  return body;
}

function isJson({ mediaType }: BodyType): boolean {
  return mediaType === 'application/json';
}

function readText(request: Request, type: BodyType): string {
  if (TEXT_TYPES.has(type.mediaType)) return bodyText(bodyOf(request), type);
  throw new QueryError('unsupported-media-type', `a body of type ${type.mediaType} is not understood`, {
    hint: 'Send the query as text/plain, or {"query": "..."} as application/json.',
  });
}

function readJson<Schema extends z.ZodObject>(
  request: Request,
  type: BodyType,
  schema: Schema,
): z.infer<Schema> {
  const given = parseJson(bodyText(bodyOf(request), type));
  requireFewParameters((given as { params?: unknown } | null)?.params);
  const parsed = schema.safeParse(given);
  if (parsed.success) return withEveryParameter(parsed.data, given);
  throw new QueryError('bad-request', problemsOf(parsed.error), {
    hint: `The body is {${Object.keys(schema.shape).join(', ')}}; see /openapi.json.`,
  });
}
