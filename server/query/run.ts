/** One attempt to run a plan, and what it runs with. Filled in run-query.ts; run-sql.ts and run-stages.ts use it. */
import type { AnswerLimits, AnswerOptions } from '../../core/protocol/answer.ts';
import type { ParameterValue } from '../../core/protocol/parameters.ts';
import type { Plan } from '../../core/protocol/plan.ts';
import type { DslStock } from '../admission/dsl-stock.ts';
import type { SqlSlots } from '../admission/sql-slots.ts';
import type { DataSink } from '../admission/worker-socket.ts';
import type { QueryRecord } from '../history/registry.ts';
import type { Planner } from '../planning/planner.ts';
import type { ConnectionBook } from './connection-book.ts';
import type { KnownFunctions } from './known-functions.ts';

export interface RunDeps {
  readonly planner: Planner;
  /** Functions that need not be looked up in the database's catalogue again. */
  readonly knownFunctions: KnownFunctions;
  readonly sqlSlots: SqlSlots;
  readonly dslStock: DslStock;
  readonly connections: ConnectionBook;
  readonly maxRows: number;
  readonly maxBytes: number;
  /** The longest row of an answer, and of what stages read; their first attempt allows for less (run-query.ts). */
  readonly maxRowBytes: number;
  /** A call that was cancelled and does not end in this time loses its worker. */
  readonly cancelGraceMs: number;
}

/** Where the bytes of an answer go. */
export interface AnswerTarget {
  /** Calls `release` when it needs the bytes no more. False: `onDrain`'s callback says when there is room again. */
  write(bytes: Buffer, release: () => void): boolean;
  onDrain(callback: () => void): void;
}

export interface Run {
  readonly deps: RunDeps;
  readonly plan: Plan;
  readonly query: QueryRecord;
  readonly answer: AnswerTarget;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly options: AnswerOptions;
  readonly limits: AnswerLimits;
  /** In this attempt. */
  readonly maxRowBytes: number;
}

/** Result bytes of a worker's socket go to the answer, with back-pressure from the client to the worker. */
export function answerSink({ query, answer }: Run, socket: { resume(): void }): DataSink {
  answer.onDrain(() => socket.resume());
  return (bytes, release) => {
    query.bytes += bytes.length;
    if (!query.cancellation.isCancelled) return answer.write(bytes, release);
    // After an abort the rest is read and dropped, so that the worker can end.
    release();
    return true;
  };
}

/** Adds the time that `work` takes to a phase of the query. */
export async function timed<T>(query: QueryRecord, phase: 'queue' | 'plan', work: Promise<T>): Promise<T> {
  const started = performance.now();
  try {
    return await work;
  } finally {
    query.phases[phase] += performance.now() - started;
    query.trace.add(phase, started);
  }
}
