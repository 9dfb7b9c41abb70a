/**
 * The metrics that are counted when queries and requests end: traffic, errors, latency, phases, answers, limits and
 * cancelling. Nothing that a client can choose freely becomes a label: no user, query id, SQL or address.
 */
import type { Registry } from 'prom-client';
import type { LimitRef } from '../../core/protocol/errors.ts';
import type { SourceProgress } from '../../core/protocol/source-progress.ts';
import type { Phases, QueryRecord } from '../history/registry.ts';
import type { CountByKind } from './connections.ts';
import { OUTCOMES, outcomeOf } from './outcome.ts';
import { Counter, Histogram } from './prom-client.ts';

/** The buckets that OpenTelemetry recommends for databases, and three more for long queries. */
const DURATION_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300];

export interface EndedRequest {
  /** The route's pattern in Express (`/v1/queries/:queryId`); undefined when no route matched. */
  readonly route: string | undefined;
  readonly method: string;
  /** The answer's status; null when the connection closed before the answer was complete. */
  readonly status: number | null;
}

export interface QueryMetrics {
  queryEnded(query: QueryRecord, format: string, elapsedMs: number): void;
  /** Returns the number of queries that have ended, which is the sum of forkline_queries_total. */
  queriesEnded(): number;
  requestEnded(request: EndedRequest): void;
  /** Counts that a limit refused a request before it became a query. */
  limitHit(limit: LimitRef | undefined): void;
  /** Counts what a statement has done in its database since it told of itself before. */
  sourceProgress(progress: SourceProgress, before: SourceProgress | null): void;
  /** Records the time from an abort to the reply of the worker that ran the query. */
  cancelled(elapsedMs: number): void;
}

const PHASES = ['plan', 'queue', 'sql', 'handoff', 'dsl', 'encode'] as const satisfies (keyof Phases)[];
const METHODS = new Set(['GET', 'POST', 'DELETE', 'HEAD']);

export function createQueryMetrics(register: Registry, countByKind: CountByKind): QueryMetrics {
  const counters = createCounters(register);
  const { queries, duration, phaseDuration, answerRows, answerBytes, handoffRows, handoffBytes } = counters;
  const { limits, requests, cancels, sourceTasks, sourceBytes } = counters;
  // These series exist from the start, since a rate of errors needs a zero to rise from.
  for (const outcome of OUTCOMES) duration.zero({ outcome });
  const limitHit = (limit: LimitRef | undefined): void => {
    if (limit !== undefined) limits.inc({ limit: limit.name });
  };
  let queriesEnded = 0;
  return {
    queryEnded({ connection, error, phases, bytes, rows, handoff }, format, elapsedMs) {
      const code = error?.code ?? 'ok';
      const outcome = outcomeOf(code);
      queriesEnded++;
      queries.inc({ code, format });
      countByKind(connection, outcome);
      duration.observe({ outcome }, elapsedMs / 1000);
      for (const phase of PHASES)
        if (phases[phase] > 0) phaseDuration.observe({ phase }, phases[phase] / 1000);
      answerBytes.inc({ format }, bytes);
      if (rows !== null) answerRows.inc({ format }, rows);
      if (handoff.rows > 0) handoffRows.inc(handoff.rows);
      if (handoff.bytes > 0) handoffBytes.inc(handoff.bytes);
      limitHit(error?.limit);
    },
    queriesEnded: () => queriesEnded,
    requestEnded({ route = 'other', method, status }) {
      requests.inc({
        route,
        method: METHODS.has(method) ? method : 'other',
        status: status === null ? 'aborted' : String(status),
      });
    },
    limitHit,
    sourceProgress(progress, before) {
      sourceTasks.inc(Math.max(0, progress.tasksDone - (before?.tasksDone ?? 0)));
      sourceBytes.inc(Math.max(0, progress.bytesRead - (before?.bytesRead ?? 0)));
    },
    cancelled: (elapsedMs) => cancels.observe(elapsedMs / 1000),
  };
}

function createCounters(register: Registry) {
  return { ...createHistograms(register), ...createTotals(register) };
}

function createHistograms(register: Registry) {
  const common = { buckets: DURATION_BUCKETS, registers: [register] };
  return {
    duration: new Histogram({
      ...common,
      name: 'forkline_query_duration_seconds',
      help: 'From the request to the end of its answer, by whose fault an error is',
      labelNames: ['outcome'],
    }),
    phaseDuration: new Histogram({
      ...common,
      name: 'forkline_query_phase_seconds',
      help: 'Time that queries spent in each phase that they went through',
      labelNames: ['phase'],
    }),
    cancels: new Histogram({
      ...common,
      name: 'forkline_cancel_duration_seconds',
      help: 'From the server ending a query early to the reply of its SQL worker, the database included',
    }),
  };
}

function createTotals(register: Registry) {
  const total = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers: [register] });
  return {
    queries: total(
      'forkline_queries_total',
      'Queries that ended, by ok or the error code, and answer format',
      ['code', 'format'],
    ),
    answerRows: total('forkline_answer_rows_total', 'Rows of whole answers', ['format']),
    answerBytes: total('forkline_answer_bytes_total', 'Bytes of answers, before the HTTP framing', [
      'format',
    ]),
    handoffRows: total('forkline_handoff_rows_total', 'Rows that SQL workers sent to DSL workers'),
    handoffBytes: total(
      'forkline_handoff_bytes_total',
      'Bytes of rows that SQL workers sent to DSL workers, over sockets and never to disk',
    ),
    sourceTasks: total(
      'forkline_source_tasks_total',
      'Tasks that databases finished for queries, from those that tell it (Spark)',
    ),
    sourceBytes: total(
      'forkline_source_read_bytes_total',
      'Bytes that databases read for queries, from those that tell it (Spark)',
    ),
    limits: total('forkline_limits_hit_total', 'Queries and requests that a limit ended or refused', [
      'limit',
    ]),
    requests: total('forkline_http_requests_total', 'HTTP requests by route and status', [
      'route',
      'method',
      'status',
    ]),
  };
}
