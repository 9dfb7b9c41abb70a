/** The life of a query that has begun, to its end: what ends it early, and what is told and recorded of its end. */
import type { ServerResponse } from 'node:http';
import { QueryError, type WireError } from '../../core/protocol/errors.ts';
import type { QueryAnswer } from '../answer/query-answer.ts';
import { poisonKey } from '../history/poison.ts';
import type { QueryRecord } from '../history/registry.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { QueryHandlerDeps } from './handler-deps.ts';
import { finish, report } from './query-end.ts';
import { runQuery } from './run-query.ts';
import { loggedError, toldError } from './told-error.ts';

/** Runs a query that was started until its end, which is told to `answer`, and recorded. Never rejects. */
export async function runToEnd(
  deps: QueryHandlerDeps,
  query: QueryRecord,
  asked: QueryRequest,
  answer: QueryAnswer,
  more?: object,
): Promise<void> {
  const { poison } = deps;
  const slowEnded = deps.slowLog.watch(query);
  const { connection, text, principal } = query; // the requested connection; the query's text may name another
  const key = (): string => poisonKey(principal.scope, connection, text);
  let error: WireError | null = null;
  try {
    const recorded = deps.audit === null ? null : deps.audit.begin(query, 'run');
    if (recorded !== null) await recorded;
    if (poison.hasSuspects) poison.check(key());
    const outcome = await runQuery(deps.run, asked, query, answer);
    query.rows = outcome.summary.rows;
    if (poison.hasSuspects) poison.succeeded(key());
    finish(query, answer, outcome);
  } catch (thrown) {
    error = errorOf(deps, thrown, query, asked);
    if (error.code === 'worker-lost') poison.lost(key(), query, query.lostWorkers);
    answer.fail(error);
  } finally {
    slowEnded();
    recordEnd(deps, query, asked, error, more);
  }
}

/** Does the work that answers a query without running it. A failure is told to `answer`; the end is recorded. Never rejects. */
export async function endWith(
  deps: QueryHandlerDeps,
  query: QueryRecord,
  asked: QueryRequest,
  answer: Pick<QueryAnswer, 'fail'>,
  work: () => Promise<void>,
  more?: object,
): Promise<void> {
  let error: WireError | null = null;
  try {
    await deps.audit?.begin(query, 'run');
    await work();
  } catch (thrown) {
    error = errorOf(deps, thrown, query, asked);
    answer.fail(error);
  } finally {
    recordEnd(deps, query, asked, error, more);
  }
}

/** Returns the error as it is told, and logs one that is a fault of ours. */
function errorOf(
  deps: QueryHandlerDeps,
  thrown: unknown,
  query: QueryRecord,
  asked: QueryRequest,
): WireError {
  const known = withDeadline(QueryError.from(thrown), query);
  if (known.code === 'internal') {
    const error = loggedError(thrown, asked);
    const { queryId, principal, connection } = query;
    deps.log.error('internal-error', { queryId, principal: principal.id, connection, error });
  }
  deps.metrics.refused(known.code);
  return known.toWire();
}

function recordEnd(
  deps: QueryHandlerDeps,
  query: QueryRecord,
  asked: QueryRequest,
  error: WireError | null,
  more?: object,
): void {
  deps.registry.end(query, error === null ? null : toldError(error, asked), Date.now());
  deps.audit?.end(query, error, loginRoleOf(deps, query));
  report(deps, query, asked, more);
}

/** Returns the role whose login the query used, where its connection has several; null otherwise. */
export function loginRoleOf(
  { run }: QueryHandlerDeps,
  { connection, principal }: QueryRecord,
): string | null {
  try {
    return run.connections.roleOf(connection, principal);
  } catch {
    return null; // the query was refused for that
  }
}

/** Ends the query at its deadline and when its client leaves. Returns a function that stops the deadline's timer. */
export function endEarly(query: QueryRecord, response: ServerResponse): () => void {
  const deadline = setTimeout(
    () => query.cancellation.cancel(deadlineExceeded(query)),
    query.deadlineAt - Date.now(),
  );
  response.on('close', () => {
    if (!response.writableFinished)
      query.cancellation.cancel(new QueryError('client-gone', 'the client closed the connection'));
  });
  return () => clearTimeout(deadline);
}

/** Returns the error of a query whose time is up. */
export function deadlineExceeded({ deadlineAt, startedAt, phase }: QueryRecord): QueryError {
  const timeoutMs = deadlineAt - startedAt;
  return new QueryError(
    'deadline-exceeded',
    `the query did not end within ${timeoutMs} ms (in phase ${phase})`,
    {
      hint: 'Ask for more with {"limits": {"timeoutMs": ...}}, up to maxTimeoutMs of GET /v1/limits, or ask for less.',
      limit: { name: 'timeoutMs', value: timeoutMs },
    },
  );
}

/** Replaces every deadline-exceeded by the same text, whichever process noticed first that the time was up. */
export function withDeadline(error: QueryError, query: QueryRecord): QueryError {
  return error.code === 'deadline-exceeded' ? deadlineExceeded(query) : error;
}
