/**
 * A job: a query that runs without a client that waits, and whose result is kept until it expires.
 *
 *   running --> finished (its result is in the store) | failed | cancelled --expires, DELETE--> gone
 *
 * A job that ran in a server which has ended is `failed` with job-interrupted. JSON-safe, as it is written to disk.
 */
import type { AnswerOptions } from '../../core/protocol/answer.ts';
import type { WireError } from '../../core/protocol/errors.ts';
import type { Column } from '../../core/protocol/types.ts';
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
  /** The form in which it was asked for: that of its result for who asks for no other. */
  readonly answer: AnswerOptions;
  readonly createdAt: number;
  readonly deadlineAt: number;
  /** The server that runs it. */
  readonly server: { readonly pid: number; readonly startTicks: number | null };
  /** null: it is read by its id. */
  readonly session: JobSession | null;
  readonly idempotency: { readonly key: string; readonly request: string } | null;
  state: JobState;
  endedAt: number | null;
  expiresAt: number | null;
  rows: number | null;
  bytes: number;
  complete: boolean;
  connections: readonly string[];
  plan: ToldPlan;
  /** The columns of the result; null: not known, so that it can be had in the format only in which it is kept. */
  columns: readonly Column[] | null;
  error: WireError | null;
}

/** The session of the older engine's API that reads a job. */
export interface JobSession {
  /** A number, as its clients know it. */
  readonly sid: string;
  /** The rows of a part; null: all. */
  readonly pageRows: number | null;
  /** The first row of the next part. */
  position: number;
}

/** A job as GET /v1/jobs shows it. */
export function jobView(job: Job, running: { readonly phase: string; readonly bytes: number } | null) {
  const {
    id,
    state,
    queryId,
    query,
    answer,
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
    ...{ id, state, queryId, query, format: answer.format },
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
