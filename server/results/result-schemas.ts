/** The schemas of what the API tells about kept results. */
import { z } from 'zod';

const text = z.string();
const count = z.int().nonnegative();
const counts = z.record(text, count);

/** `stats.cache` of an answer. */
export const cacheOfAnswer = z
  .strictObject({
    status: z.enum(['hit', 'miss', 'shared', 'stale', 'stale-if-error', 'job']),
    ageMs: count.optional().describe('The time since the query ran'),
  })
  .describe('Whether the answer was kept; only where answers are');

export const cacheSchema = z.strictObject({
  ...{ entryCount: count, maxEntries: count, bytes: count, maxBytes: count, memoryBytes: count },
  hits: counts.describe('Queries answered without running, by kind'),
  misses: counts.describe('Queries that had to run, by reason'),
  notKept: counts.describe('Answers that were not kept, by reason'),
  ...{ kept: count, savedMs: count, purges: count, handOvers: count, refreshes: counts, running: count },
  ...{ evictions: count, damaged: count, diskFailures: count, refusals: count },
  entries: z.array(
    z.strictObject({
      id: text,
      state: z.enum(['fresh', 'stale']),
      query: text,
      shape: text.describe("The name of the query's shape, for purging"),
      connections: z.array(text),
      tables: z.array(text).nullable().describe('null: not known'),
      tags: z.array(text),
      format: text,
      ...{ rows: count, bytes: count, bodyBytes: count },
      startedAt: z.iso.datetime(),
      ...{ ageMs: count, maxAgeMs: count, tookMs: count, hits: count },
      lastUsedAt: z.iso.datetime().nullable(),
    }),
  ),
});

export const purgedSchema = z.strictObject({
  entries: count,
  told: z
    .boolean()
    .optional()
    .describe('Whether the Forklines that share answers know it already; left out where none do'),
});

export const jobSchema = z.strictObject({
  id: text.describe('128 random bits: an address that nobody can guess'),
  state: z.enum(['running', 'finished', 'failed', 'cancelled']),
  phase: text,
  queryId: text.describe('The id of the query in GET /v1/queries and in the log'),
  query: text,
  format: text,
  createdAt: z.iso.datetime(),
  timeLeftMs: count,
  elapsedMs: count,
  endedAt: z.iso.datetime().nullable(),
  expiresAt: z.iso.datetime().nullable(),
  rows: count.nullable(),
  complete: z.boolean(),
  bytes: count.describe('Bytes of the result, so far'),
  result: text.nullable().describe('The path of the result; null while there is none'),
  error: z.strictObject({ code: text, message: text }).nullable(),
});

export const jobsSchema = z.strictObject({ jobs: z.array(jobSchema) });
