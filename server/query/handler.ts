/**
 * POST and GET /v1/query: turns an HTTP request into a running query and its result into the answer. Here a query gets its
 * id, its deadline and the reasons that may end it early; run-query.ts runs it.
 */

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../core/logging/log.ts';
import { QueryError, type WireError } from '../../core/protocol/errors.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import type { PrincipalLimits } from '../../core/protocol/rights.ts';
import type { Limits } from '../../core/protocol/server-config.ts';
import type { QueryRates } from '../admission/query-rates.ts';
import { downloadHeaders } from '../answer/download-headers.ts';
import { errorClass } from '../answer/error-status.ts';
import type { ReadingWatch } from '../answer/reading-watch.ts';
import type { Revalidation } from '../answer/revalidation.ts';
import { AnswerStream } from '../answer/stream.ts';
import type { Audit } from '../audit/audit.ts';
import { type PoisonLedger, poisonKey } from '../history/poison.ts';
import type { Phases, QueryRecord, QueryRegistry } from '../history/registry.ts';
import type { SlowLog } from '../history/slow-log.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Tracing } from '../observe/tracing.ts';
import type { RunDeps } from './run.ts';
import { type QueryOutcome, runQuery } from './run-query.ts';
import { loggedError, toldError } from './told-error.ts';

export interface QueryHandlerDeps {
  readonly run: RunDeps;
  readonly registry: QueryRegistry;
  readonly limits: Limits;
  readonly rates: QueryRates;
  readonly metrics: Metrics;
  readonly poison: PoisonLedger;
  readonly slowLog: SlowLog;
  readonly tracing: Tracing;
  readonly reading: ReadingWatch;
  readonly log: Log;
  /** null: nothing is audited. */
  readonly audit: Audit | null;
  /** Returns true while the server stops: it then takes no new queries. */
  readonly isDraining: () => boolean;
}

const QUERY_ID = /^[A-Za-z0-9_.:-]{1,64}$/;

/** Runs the query and answers. Rejects only before the query has started; every later failure is answered here. */
export async function handleQuery(
  deps: QueryHandlerDeps,
  principal: Principal,
  request: IncomingMessage,
  response: ServerResponse,
  asked: QueryRequest,
  revalidation?: Revalidation,
): Promise<void> {
  const { registry, limits } = deps;
  const query = startQuery(deps, principal, request, asked);
  const { queryId, text } = query;
  const { bufferBytes } = limits;
  const answer = new AnswerStream({
    response,
    format: asked.answer.format,
    endLine: asked.answer.end !== 'none',
    queryId,
    queryText: text,
    traceresponse: query.trace.response,
    ...(request.method === 'GET' && { headers: downloadHeaders(asked.answer.format) }),
    revalidation,
    bufferBytes,
    onStreaming: () => deps.reading.watch(response, () => endSlowReader(deps, query, response)),
  });
  const stopTimer = endEarly(query, response);
  const slowEnded = deps.slowLog.watch(query);
  const { connection } = query; // the requested connection; the query's text may name another
  const key = (): string => poisonKey(principal.scope, connection, text);
  let error: WireError | null = null;
  try {
    const recorded = deps.audit === null ? null : deps.audit.begin(query, 'run');
    if (recorded !== null) await recorded;
    if (deps.poison.hasSuspects) deps.poison.check(key());
    const outcome = await runQuery(deps.run, asked, query, answer);
    query.rows = outcome.summary.rows;
    if (deps.poison.hasSuspects) deps.poison.succeeded(key());
    finish(query, answer, outcome);
  } catch (thrown) {
    const known = withDeadline(QueryError.from(thrown), query);
    if (known.code === 'internal') {
      deps.log.error('internal-error', {
        ...{ queryId, principal: principal.id, connection: query.connection },
        error: loggedError(thrown, asked),
      });
    }
    if (known.code === 'worker-lost') deps.poison.lost(key(), query, query.lostWorkers);
    error = known.toWire();
    deps.metrics.refused(known.code);
    answer.fail(error);
  } finally {
    stopTimer();
    registry.end(query, error === null ? null : toldError(error, asked), Date.now());
    slowEnded();
    deps.audit?.end(query, error, loginRoleOf(deps, query));
    report(deps, query, asked);
  }
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

/** Returns the record of a new query. Throws too-many-queries, draining, duplicate-query-id, bad-request. */
export function startQuery(
  deps: QueryHandlerDeps,
  principal: Principal,
  request: IncomingMessage,
  asked: QueryRequest,
): QueryRecord {
  const { registry, limits } = deps;
  if (deps.isDraining()) {
    throw new QueryError('draining', 'this server is stopping', {
      hint: 'Send it again.',
      retryAfterSeconds: 1,
    });
  }
  const own = principal.rights.limits;
  checkInFlight(registry.inFlight(principal), limits.perClient, own);
  deps.rates.take(principal);
  return registry.start(
    {
      queryId: queryIdOf(request),
      text: asked.text,
      wasEncrypted: asked.wasEncrypted,
      principal,
      connection: asked.connection ?? deps.run.connections.defaultOf(principal),
      trace: deps.tracing.begin(request),
      timeoutMs: Math.min(
        asked.timeoutMs ?? limits.timeoutMs,
        limits.maxTimeoutMs,
        own.timeoutMs ?? limits.maxTimeoutMs,
      ),
    },
    Date.now(),
  );
}

function queryIdOf(request: IncomingMessage): string {
  const given = request.headers['query-id'];
  if (given === undefined) return randomUUID();
  if (typeof given === 'string' && QUERY_ID.test(given)) return given;
  throw new QueryError('bad-request', 'the Query-Id header is malformed', {
    hint: 'Use 1 to 64 letters, digits or _ . : -',
  });
}

/** Throws too-many-queries, with the name of the limit that is reached. */
function checkInFlight(
  inFlight: number,
  perClient: number,
  { concurrentQueries = perClient }: PrincipalLimits,
): void {
  const value = Math.min(perClient, concurrentQueries);
  if (inFlight < value) return;
  const name = concurrentQueries < perClient ? 'concurrentQueries' : 'perClient';
  throw new QueryError('too-many-queries', `this client already has ${value} queries in flight`, {
    hint: 'Wait for some of them to end; GET /v1/queries shows them.',
    limit: { name, value, observed: inFlight },
    retryAfterSeconds: 1,
  });
}

function deadlineExceeded({ deadlineAt, startedAt, phase }: QueryRecord): QueryError {
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

function finish(query: QueryRecord, answer: AnswerStream, { summary, plan }: QueryOutcome): void {
  const { rows, complete } = summary;
  const phases = rounded(query.phases);
  const stats = {
    queryId: query.queryId,
    elapsedMs: Date.now() - query.startedAt,
    phases,
    placement: plan.stages.map(({ name, where }) => ({ stage: name, where })),
    // JSON.stringify leaves the member out when it is undefined.
    warnings: plan.warnings.length > 0 ? plan.warnings : undefined,
  };
  answer.finish({ rows, complete, stats, serverTiming: serverTimingOf(phases) });
}

function serverTimingOf({ plan, queue, sql, handoff, dsl, encode }: Phases): string {
  return `plan;dur=${plan}, queue;dur=${queue}, sql;dur=${sql}, handoff;dur=${handoff}, dsl;dur=${dsl}, encode;dur=${encode}`;
}

/** Returns the phases rounded to hundredths of a millisecond. Written out by member because it runs twice per query. */
function rounded({ plan, queue, sql, handoff, dsl, encode }: Phases): Phases {
  return {
    plan: hundredths(plan),
    queue: hundredths(queue),
    sql: hundredths(sql),
    handoff: hundredths(handoff),
    dsl: hundredths(dsl),
    encode: hundredths(encode),
  };
}

function hundredths(ms: number): number {
  return Math.round(ms * 100) / 100;
}

/** The most characters of a query's text in the log: enough to recognise it. */
const LOGGED_QUERY_CHARACTERS = 4000;

function textForLog(text: string): string {
  const removed = text.length - LOGGED_QUERY_CHARACTERS;
  return removed <= 0 ? text : `${text.slice(0, LOGGED_QUERY_CHARACTERS)}…[+${removed} characters]`;
}

function report({ metrics, tracing, log }: QueryHandlerDeps, query: QueryRecord, asked: QueryRequest): void {
  const { answer } = asked;
  const elapsedMs = (query.endedAt ?? Date.now()) - query.startedAt;
  const code = query.error?.code ?? 'ok';
  metrics.queryEnded(query, answer.format, elapsedMs);
  tracing.end(query);
  const { bytes, rows } = query;
  const fields = {
    queryId: query.queryId,
    traceId: query.trace.traceId,
    principal: query.principal.id,
    connection: query.connection,
    query: textForLog(query.shownAs ?? query.text),
    code,
    elapsedMs,
    rows,
    bytes,
    phases: rounded(query.phases),
  };
  if (query.error === null) log.info('query-ended', fields);
  // A mistake of the user is only information; a failure that an operator may have to mend is a warning.
  else {
    const level = errorClass(query.error.code).status < 500 ? 'info' : 'warn';
    log[level]('query-failed', { ...fields, message: query.error.message });
  }
}
