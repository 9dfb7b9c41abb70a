/** Answers a request with a kept answer, and records that as a query that ended. */
import type { QueryRecord } from '../history/registry.ts';
import { streamOf } from '../query/handler.ts';
import { answerEnd } from '../query/query-end.ts';
import { endWith } from '../query/run-to-end.ts';
import { startQuery } from '../query/start-query.ts';
import type { HitKind } from '../results/cache-counts.ts';
import type { ReadyBody } from '../results/stored-body.ts';
import type { Asking, CacheContext } from './cache-context.ts';
import { hitStatus } from './cache-headers.ts';
import { mayBeSent } from './freshness.ts';
import type { Found } from './lookup.ts';
import { sendKept } from './send-kept.ts';

/** Sends a kept answer. Resolves to false when its file is gone or damaged. `known`: the query's record when it has one already. */
export async function sendHit(
  context: CacheContext,
  asking: Asking,
  found: Found,
  kind: HitKind,
  known: QueryRecord | null,
): Promise<boolean> {
  const { store, handler, counts } = context;
  const { id, principal, request, response, asked } = asking;
  const body = store.peek(id) ?? (await store.read(id));
  if (body === null) {
    counts.misses.damaged++;
    return false;
  }
  store.touch(id);
  const query = known ?? startQuery(handler, principal, request, asked, { isCounted: false });
  const stream = streamOf(handler, query, request, response, asked);
  handler.reading.watch(response, () => response.destroy());
  const send = () => sendBody(context, asking, query, body, found, kind);
  await endWith(handler, query, asked, stream, send, { cache: kind });
  return true;
}

/** Answers with a stale entry after a failure. Returns false when there is none in memory or on disk that may be used for that. */
export function sendAfterError(
  context: CacheContext,
  asking: Asking,
  found: Found | null,
  query: QueryRecord,
  otherwise: () => void,
): boolean {
  if (found === null || asking.control.noCache || asking.response.destroyed) return false;
  const allowedMs = asking.control.staleIfErrorMs ?? found.entry.description.staleIfErrorMs;
  const { staleMs } = found.freshness;
  if (staleMs === null || !mayBeSent(staleMs, allowedMs)) return false;
  const send = async (): Promise<void> => {
    const body = await context.store.read(asking.id);
    if (body === null) otherwise();
    else await sendBody(context, asking, query, body, found, 'stale-if-error');
  };
  send().catch(() => asking.response.destroy());
  return true;
}

async function sendBody(
  { counts }: CacheContext,
  asking: Asking,
  query: QueryRecord,
  body: ReadyBody,
  { entry, freshness }: Found,
  kind: HitKind,
): Promise<void> {
  const { id, request, response, asked } = asking;
  const { placement, warnings, rows, complete, maxAgeMs, tookMs, connections } = body.description;
  query.connection = connections[0]!.name; // a query reads from one connection at least
  const { ageMs, staleMs } = freshness;
  const status = hitStatus(staleMs === null ? maxAgeMs - ageMs : -staleMs, detailOf(kind));
  const told = { status: kind === 'fresh' ? 'hit' : kind, ageMs: Math.round(ageMs) };
  const end = answerEnd(query, { rows, complete }, { placement, warnings }, told);
  const sent = await sendKept(
    { id, body, ageMs, status },
    {
      ...{ request, response, asker: asking, end },
      queryId: query.queryId,
      traceresponse: query.trace.response,
      endLine: asked.answer.end !== 'none',
    },
  );
  query.rows = rows;
  query.bytes = sent.bytes;
  entry.lastUsedAt = Date.now();
  counts.hits[sent.isUnchanged ? 'not-modified' : kind]++;
  counts.savedMs += tookMs;
}

function detailOf(kind: HitKind): string | null {
  if (kind === 'stale') return 'revalidating';
  return kind === 'stale-if-error' ? 'stale-if-error' : null;
}
