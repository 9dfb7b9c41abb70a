/** GET /v1/cache shows what is kept, POST /v1/cache/purge says what has changed. For those who see everybody's queries. */
import type { Request, RequestHandler } from 'express';
import type { z } from 'zod';
import { QueryError } from '../../core/protocol/errors.ts';
import { principalOf } from '../../core/protocol/principal.ts';
import { freshnessOf } from '../cache/freshness.ts';
import { purge } from '../cache/purge.ts';
import { controlOf } from '../cache/request-control.ts';
import { shapeName } from '../cache/result-facts.ts';
import type { Results } from '../kept/setup.ts';
import type { IndexedEntry } from '../results/store-index.ts';
import type { AppDeps } from './app-deps.ts';
import { bodyText, bodyType, parseJson } from './request/body-text.ts';
import { knownOptions } from './request/known-options.ts';
import { purgeBody } from './request/purge-body.ts';
import { problemsOf } from './request/query-body.ts';
import { bodyOf } from './request/query-request.ts';

const DEFAULT_SHOWN = 100;
const MAX_SHOWN = 10_000;

export function createCacheRoutes(deps: AppDeps): Readonly<Record<'show' | 'purge', RequestHandler>> {
  return {
    show: (request, response) => {
      const results = resultsFor(deps, request);
      const limit = limitIn(request);
      const entries = [...results.store.entries()].reverse().filter(isOfCache);
      response.json({
        ...summaryOf(results),
        entries: entries.slice(0, limit).map((entry) => viewOf(results, entry)),
      });
    },
    purge: async (request, response) => {
      const results = resultsFor(deps, request);
      const body = parseJson(bodyText(bodyOf(request), bodyType(request.headers['content-type'])));
      const parsed = purgeBody.safeParse(body);
      if (!parsed.success)
        throw new QueryError('bad-request', problemsOf(parsed.error), {
          hint: 'The body is {"tables"?, "connection"?, "models"?, "tags"?, "shape"?, "everything"?, "remove"?}.',
        });
      response.json(await purge(results, changedIn(parsed.data), parsed.data.remove === true));
    },
  };
}

function changedIn(body: z.infer<typeof purgeBody>) {
  const { tables, connection, models, tags, shape, everything } = body;
  const isNamed = [tables, models, tags].some((list) => list !== undefined && list.length > 0);
  if (!isNamed && shape === undefined && connection === undefined && everything !== true)
    throw new QueryError('bad-request', 'the body does not say what has changed', {
      hint: 'Name tables, models, tags, a shape or a connection, or send {"everything": true}.',
    });
  if (everything === true) return {};
  return {
    ...(tables !== undefined && { tables }),
    ...(connection !== undefined && { connection }),
    ...(models !== undefined && { models }),
    ...(tags !== undefined && { tags }),
    ...(shape !== undefined && { shape: /^[0-9a-f]{16}$/.test(shape) ? shape : shapeName(shape) }),
  };
}

/** Throws not-found where there is no cache, forbidden for those who see only their own queries. */
function resultsFor({ results }: AppDeps, request: Request): Results {
  const { id, rights } = principalOf(request);
  if (rights.queries !== 'all')
    throw new QueryError('forbidden', `${id} may not see or change what is kept for others`, {
      hint: 'Ask whoever runs this server for a role with "queries": "all".',
    });
  if (results !== undefined && results.cache !== null) return results;
  throw new QueryError('not-found', 'no answers are kept here', {
    hint: 'Set `cache.mode` to "on" in the configuration (FORKLINE_CACHE=on).',
  });
}

function limitIn({ originalUrl }: Request): number {
  const given = knownOptions(originalUrl, ['limit']).get('limit');
  if (given === undefined) return DEFAULT_SHOWN;
  if (/^[1-9]\d{0,4}$/.test(given) && Number(given) <= MAX_SHOWN) return Number(given);
  throw new QueryError('bad-request', `limit must be a whole number from 1 to ${MAX_SHOWN}, not ${given}`);
}

function isOfCache({ description }: IndexedEntry): boolean {
  return description.kind === 'cache';
}

function summaryOf({ config, store, cacheCounts, cache }: Results) {
  const { hits, misses, notKept, kept, savedMs, purges, handOvers, refreshes } = cacheCounts;
  return {
    entryCount: store.size,
    maxEntries: config.maxEntries,
    bytes: store.bytes,
    maxBytes: config.maxBytes,
    memoryBytes: store.memoryBytes,
    ...{ hits, misses, notKept, kept, savedMs: Math.round(savedMs), purges, handOvers, refreshes },
    running: cache?.flights ?? 0,
    ...store.counts,
  };
}

function viewOf({ changes }: Results, entry: IndexedEntry) {
  const { id, description, fileBytes, hits, lastUsedAt } = entry;
  const { ageMs, staleMs } = freshnessOf(entry, changes, controlOf({}));
  const { format, rows, bodyBytes, query, shape, connections, tables, tags, tookMs, maxAgeMs, startedAt } =
    description;
  return {
    id: id.slice(0, 16),
    state: staleMs === null ? 'fresh' : 'stale',
    query,
    shape,
    connections: connections.map((connection) => connection.name),
    tables:
      tables?.map(({ schema, name: table }) => (schema === null ? table : `${schema}.${table}`)) ?? null,
    tags,
    ...{ format, rows },
    bytes: fileBytes,
    bodyBytes,
    startedAt: new Date(startedAt).toISOString(),
    ageMs: Math.round(ageMs),
    ...{ maxAgeMs, tookMs, hits },
    lastUsedAt: lastUsedAt === 0 ? null : new Date(lastUsedAt).toISOString(),
  };
}
