/**
 * Plans a query without running it: GET and POST /v1/explain, HEAD /v1/query. Planning may ask databases and workers, so it
 * counts as a query: it has an id and a deadline, ends when its client leaves or by DELETE, and GET /v1/queries lists it.
 */
import type { Request, Response } from 'express';
import { raceCancellation } from '../../core/process/race-cancellation.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { principalOf } from '../../core/protocol/principal.ts';
import { PROBLEM_TYPE, problemOf } from '../answer/problem.ts';
import type { QueryAct } from '../audit/audit.ts';
import type { QueryRecord } from '../history/registry.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { QueryHandlerDeps } from './handler-deps.ts';
import { endEarly, loginRoleOf, withDeadline } from './run-to-end.ts';
import { startQuery } from './start-query.ts';
import { loggedError, toldError } from './told-error.ts';

/** Returns a request with nothing but a text, for what is planned without a query of the client's. */
export function requestWithText(text: string): QueryRequest {
  return {
    ...{ text, connection: null, parameters: {}, capRows: null, timeoutMs: null, pushdown: 'auto' },
    ...{ language: null, model: null, wasEncrypted: false },
    answer: { format: 'json', rows: 'objects', numbers: 'number', end: 'line' },
  };
}

/** Calls `plan`, and `answer` with its result. Rejects only before the query has started. */
export async function withoutRunning<Planned>(
  deps: QueryHandlerDeps,
  request: Request,
  response: Response,
  asked: QueryRequest,
  act: QueryAct,
  plan: (query: QueryRecord) => Promise<Planned>,
  answer: (query: QueryRecord, planned: Planned) => void,
): Promise<void> {
  const query = startQuery(deps, principalOf(request), request, asked);
  const stopTimer = endEarly(query, response);
  let error: QueryError | null = null;
  try {
    await deps.audit?.begin(query, act);
    // An abort also cancels what databases are asked. The compiler's own part is short, and may end unnoticed.
    const planned = await raceCancellation(query.cancellation, plan(query), () => {});
    answer(query, planned);
  } catch (thrown) {
    error = withDeadline(QueryError.from(thrown), query);
    fail(deps, response, asked, query, error, thrown);
  } finally {
    stopTimer();
    const told = error === null ? null : toldError(error.toWire(), asked);
    deps.registry.end(query, told, Date.now());
    deps.audit?.end(query, error?.toWire() ?? null, loginRoleOf(deps, query));
  }
}

function fail(
  { log, metrics }: QueryHandlerDeps,
  response: Response,
  asked: QueryRequest,
  { queryId, principal }: QueryRecord,
  error: QueryError,
  thrown: unknown,
): void {
  if (error.code === 'internal')
    log.error('internal-error', {
      queryId,
      principal: principal.id,
      error: loggedError(thrown, asked),
    });
  const { limit, retryAfterSeconds } = error.details;
  metrics.limitHit(limit);
  metrics.refused(error.code);
  if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', retryAfterSeconds);
  response.setHeader('Query-Id', queryId);
  const problem = problemOf(error.toWire(), { queryId, queryText: asked.text });
  response
    .status(problem.status)
    .type(PROBLEM_TYPE)
    .send(`${JSON.stringify(problem)}\n`);
}
