/** Answers a request with the answer that another query is making or has just made. */
import { QueryError } from '../../core/protocol/errors.ts';
import type { AnswerStream } from '../answer/stream.ts';
import type { QueryRecord } from '../history/registry.ts';
import { streamOf } from '../query/handler.ts';
import { answerEnd } from '../query/query-end.ts';
import { endEarly, endWith } from '../query/run-to-end.ts';
import type { Spool } from '../results/spool.ts';
import type { Asking, CacheContext } from './cache-context.ts';
import { forwarded, keptHeaders } from './cache-headers.ts';
import type { Turn } from './flight.ts';
import type { SharedEnd } from './shared-result.ts';

export async function shareAnswer(
  { handler, counts }: CacheContext,
  asking: Asking,
  query: QueryRecord,
  turn: Extract<Turn, { kind: 'result' | 'follow' }>,
): Promise<void> {
  const { request, response, asked, revalidation } = asking;
  const cacheHeaders = () => keptHeaders(asking, forwarded('miss', 'collapsed'));
  const stream = streamOf(handler, query, request, response, asked, { cacheHeaders, revalidation });
  const stopTimer = endEarly(query, response);
  const work = async (): Promise<void> => {
    const end = turn.kind === 'result' ? writeResult(stream, query, turn) : await follow(query, stream, turn);
    query.rows = end.rows;
    stream.finish(answerEnd(query, end, end.plan, { status: 'shared' }));
    counts.hits.shared++;
  };
  await endWith(handler, query, asked, stream, work, { cache: 'shared' });
  stopTimer();
}

function writeResult(
  stream: AnswerStream,
  query: QueryRecord,
  { result }: Extract<Turn, { kind: 'result' }>,
): SharedEnd {
  query.bytes = result.body.length;
  if (result.body.length > 0) stream.write(result.body, () => {});
  return result.end;
}

/** Streams what the leader writes. */
async function follow(
  query: QueryRecord,
  stream: AnswerStream,
  { spool, ended }: Extract<Turn, { kind: 'follow' }>,
): Promise<SharedEnd> {
  const isWhole = await followSpool(query, stream, spool);
  const { reason } = query.cancellation;
  if (reason !== null) throw reason;
  const end = isWhole ? await ended : null;
  if (end === null) throw leaderFailed();
  return end;
}

/** Streams what is written into the spool, as fast as the client takes it. Resolves to whether that is whole. */
export async function followSpool(
  query: Pick<QueryRecord, 'cancellation' | 'bytes'>,
  stream: AnswerStream,
  spool: Spool,
): Promise<boolean> {
  const { cancellation } = query;
  let resume = (): void => {};
  const wake = (): void => {
    spool.wake();
    resume();
  };
  cancellation.onCancel(wake);
  stream.onDrain(() => resume());
  const take = (bytes: Buffer): Promise<void> | null => {
    query.bytes += bytes.length;
    if (stream.write(bytes, () => {}) || cancellation.isCancelled) return null;
    return new Promise((resolve) => {
      resume = resolve;
    });
  };
  const isWhole = await spool.follow(take, () => cancellation.isCancelled);
  cancellation.offCancel(wake);
  return isWhole;
}

function leaderFailed(): QueryError {
  return new QueryError('shared-query-failed', 'the query that this one shared its answer with has failed', {
    hint: 'Send it again.',
    retryAfterSeconds: 1,
  });
}
