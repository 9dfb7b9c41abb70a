/**
 * POST and GET /v1/query: turns an HTTP request into a running query and its result into the answer. Here a query gets its
 * stream to the client; run-to-end.ts runs it.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import type { Limits } from '../../core/protocol/server-config.ts';
import { downloadHeaders } from '../answer/download-headers.ts';
import type { QueryAnswer } from '../answer/query-answer.ts';
import type { Revalidation } from '../answer/revalidation.ts';
import { AnswerStream } from '../answer/stream.ts';
import type { QueryRecord } from '../history/registry.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { QueryHandlerDeps } from './handler-deps.ts';
import { endEarly, runToEnd } from './run-to-end.ts';
import { startQuery } from './start-query.ts';

/** Runs the query and answers. Rejects only before the query has started; every later failure is answered here. */
export async function handleQuery(
  deps: QueryHandlerDeps,
  principal: Principal,
  request: IncomingMessage,
  response: ServerResponse,
  asked: QueryRequest,
  revalidation?: Revalidation,
): Promise<void> {
  if (deps.cache !== undefined) return deps.cache.answer(principal, request, response, asked, revalidation);
  const query = startQuery(deps, principal, request, asked);
  const stream = streamOf(deps, query, request, response, asked, { revalidation });
  await runStarted(deps, query, request, response, asked, stream);
}

export interface StreamOptions {
  /** The headers about keeping the answer, instead of those that forbid it. */
  readonly cacheHeaders?: () => readonly string[];
  /** Left out: the answer has no tag by which a client asks for it again. */
  readonly revalidation?: Revalidation | undefined;
}

/** Returns the stream of the query's answer to its client. */
export function streamOf(
  deps: QueryHandlerDeps,
  query: QueryRecord,
  request: IncomingMessage,
  response: ServerResponse,
  asked: QueryRequest,
  { cacheHeaders, revalidation }: StreamOptions = {},
): AnswerStream {
  return new AnswerStream({
    response,
    format: asked.answer.format,
    endLine: asked.answer.end !== 'none',
    queryId: query.queryId,
    queryText: query.text,
    traceresponse: query.trace.response,
    ...(request.method === 'GET' && { headers: downloadHeaders(asked.answer.format) }),
    ...(cacheHeaders !== undefined && { cacheHeaders }),
    revalidation,
    bufferBytes: deps.limits.bufferBytes,
    onStreaming: () => deps.reading.watch(response, () => endSlowReader(deps, query, response)),
  });
}

/** Runs a query that was started, and answers. Never rejects. `answer`: what gets the result; the client's stream when left out. */
export async function runStarted(
  deps: QueryHandlerDeps,
  query: QueryRecord,
  request: IncomingMessage,
  response: ServerResponse,
  asked: QueryRequest,
  answer: QueryAnswer = streamOf(deps, query, request, response, asked),
): Promise<void> {
  const stopTimer = endEarly(query, response);
  try {
    await runToEnd(deps, query, asked, answer);
  } finally {
    stopTimer();
  }
}

/** Ends the query if it still runs, and closes the connection: a client that does not read would not read an error either. */
function endSlowReader(
  { limits, log }: QueryHandlerDeps,
  query: QueryRecord,
  response: ServerResponse,
): void {
  const { queryId, principal } = query;
  if (query.state === 'running') query.cancellation.cancel(clientTooSlow(limits));
  else log.info('answer-not-read', { queryId, principal: principal.id });
  response.destroy();
}

function clientTooSlow({ readBytes, readWindowMs }: Limits): QueryError {
  return new QueryError(
    'client-too-slow',
    `the client took fewer than ${readBytes} bytes of its answer in ${readWindowMs} ms`,
    {
      hint: 'Read the answer as it comes, or ask for less of it at once.',
      limit: { name: 'readBytes', value: readBytes },
    },
  );
}
