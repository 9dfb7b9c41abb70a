/** The bodies and answers of the older engine's API, for checks and for /openapi.json. */
import { z } from 'zod';
import { QueryError } from '../../core/protocol/errors.ts';
import { bodyText, bodyType, parseJson } from '../http/request/body-text.ts';
import { problemsOf } from '../http/request/query-body.ts';

const MOST_ROWS = 1_000_000_000;

export const legacyLogin = z.object({
  id: z.string().max(200),
  password: z.string().max(8192).describe('An API key, or a token of the identity provider'),
  group_id: z.string().max(200).nullable().optional().describe('Not used'),
  encrypted: z.boolean().nullable().optional().describe('Only false: the connection is what is encrypted'),
});

export const legacyQuery = z.object({
  q: z.string().min(1).describe('The query, in the legacy language'),
  size: z.int().positive().max(MOST_ROWS).nullable().optional().describe('Rows of a part, 500; null: all'),
  fetch_size: z.int().positive().max(MOST_ROWS).nullable().optional().describe('Multiplies `size`, 1'),
  dataset: z.null().optional().describe('Exports are not made'),
  sample: z.literal(false).nullable().optional(),
  schema: z.literal(false).nullable().optional(),
  save: z.literal(false).nullable().optional(),
});

export type LegacyQuery = z.infer<typeof legacyQuery>;

export const legacyToken = z.strictObject({ status: z.literal('OK'), token: z.string() });
export const legacySid = z.strictObject({ sid: z.number().describe('Seconds, with a fraction') });
export const legacyPart = z.strictObject({
  status: z
    .strictObject({ current: z.int(), total: z.int() })
    .describe('Parts that were handed out, of how many'),
  isEnd: z.boolean().describe('Whether this is the last part'),
  fields: z.array(z.strictObject({ name: z.string(), type: z.enum(['string', 'number']) })),
  results: z.array(z.array(z.unknown())),
});
export const legacyFile = z.strictObject({
  fields: legacyPart.shape.fields,
  results: z.array(z.record(z.string(), z.unknown())),
});
export const legacyError = z.strictObject({ type: z.string(), message: z.string() });

/** Returns the checked body. Throws bad-json, bad-request. */
export function legacyBody<T>(body: Buffer, contentType: string | undefined, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(parseJson(bodyText(body, bodyType(contentType))));
  if (parsed.success) return parsed.data;
  throw new QueryError('bad-request', problemsOf(parsed.error), {
    hint: 'docs/legacy-api.md shows the bodies that this server takes.',
  });
}
