/**
 * A job: a query that runs without a client that waits, and whose result is kept until it expires.
 *
 *   running --> finished (its result is in the store) | failed | cancelled --expires, DELETE--> gone
 *
 * A job that ran in a server which has ended is `failed` with job-interrupted. JSON-safe, as it is written to disk.
 */
import type { AnswerFormat } from '../../core/protocol/answer.ts';
import type { WireError } from '../../core/protocol/errors.ts';
import type { ToldPlan } from '../query/query-end.ts';

export type JobState = 'running' | 'finished' | 'failed' | 'cancelled';

export interface Job {
  /** 128 random bits: whoever knows them and is the same principal may fetch the result. */
  readonly id: string;
  readonly owner: string;
  /** The scope that the owner had. */
  readonly scope: string;
  readonly queryId: string;
  /** The beginning of the query's text. */
  readonly query: string;
  readonly format: AnswerFormat;
  readonly endLine: boolean;
  readonly createdAt: number;
  readonly deadlineAt: number;
  /** The server that runs it. */
  readonly server: { readonly pid: number; readonly startTicks: number | null };
  readonly idempotency: { readonly key: string; readonly request: string } | null;
  state: JobState;
  endedAt: number | null;
  expiresAt: number | null;
  rows: number | null;
  bytes: number;
  complete: boolean;
  connections: readonly string[];
  plan: ToldPlan;
  error: WireError | null;
}

/** A job as GET /v1/jobs shows it. */
export function jobView(job: Job, running: { readonly phase: string; readonly bytes: number } | null) {
  const {
    id,
    state,
    queryId,
    query,
    format,
    createdAt,
    deadlineAt,
    endedAt,
    expiresAt,
    rows,
    complete,
    error,
  } = job;
  const time = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  return {
    ...{ id, state, queryId, query, format },
    phase: running?.phase ?? 'done',
    createdAt: time(createdAt)!, // never null
    timeLeftMs: state === 'running' ? Math.max(0, deadlineAt - Date.now()) : 0,
    elapsedMs: (endedAt ?? Date.now()) - createdAt,
    endedAt: time(endedAt),
    expiresAt: time(expiresAt),
    ...{ rows, complete },
    bytes: running?.bytes ?? job.bytes,
    result: state === 'finished' ? `/v1/jobs/${id}/result` : null,
    error: error === null ? null : { code: error.code, message: error.message },
  };
}
