/** One attempt to run a plan, with everything that it needs. Made in run-query.ts; run-sql.ts and run-stages.ts use it. */
import type { AnswerLimits, AnswerOptions } from '../../core/protocol/answer.ts';
import type { ParameterValue } from '../../core/protocol/parameters.ts';
import type { Plan } from '../../core/protocol/plan.ts';
import type { DslStock } from '../admission/dsl-stock.ts';
import type { SqlSlots } from '../admission/sql-slots.ts';
import type { DataSink } from '../admission/worker-socket.ts';
import type { AnswerTarget } from '../answer/query-answer.ts';
import type { QueryRecord } from '../history/registry.ts';
import type { Planner } from '../planning/planner.ts';
import type { ConnectionBook } from './connection-book.ts';
import type { KnownFunctions } from './known-functions.ts';
import type { QueryModels } from './query-models.ts';

export interface RunDeps {
  readonly planner: Planner;
  /** Functions that need not be looked up in the database's catalogue again. */
  readonly knownFunctions: KnownFunctions;
  readonly sqlSlots: SqlSlots;
  readonly dslStock: DslStock;
  readonly connections: ConnectionBook;
  /** null: no store is configured. */
  readonly catalogue: QueryModels | null;
  readonly maxRows: number;
  readonly maxBytes: number;
  /** The longest row of an answer and of the input of stages. The first attempt of stages allows less (run-query.ts). */
  readonly maxRowBytes: number;
  /** The time within which a cancelled call must end; after it, its worker is given up. */
  readonly cancelGraceMs: number;
}

export interface Run {
  readonly deps: RunDeps;
  readonly plan: Plan;
  readonly query: QueryRecord;
  readonly answer: AnswerTarget;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly options: AnswerOptions;
  readonly limits: AnswerLimits;
}

/** Returns the text that the places of the plan are in: the query's, with those of the models that it reads behind it. */
export function plannedText({ plan, query }: Run): string {
  return plan.models?.text ?? query.text;
}

/** Returns a sink that passes result bytes from a worker's socket to the answer, with back-pressure from the client to the worker. */
export function answerSink(
  { query, answer }: Pick<Run, 'query' | 'answer'>,
  socket: { resume(): void },
): DataSink {
  answer.onDrain(() => socket.resume());
  return (bytes, release) => {
    query.bytes += bytes.length;
    if (!query.cancellation.isCancelled) return answer.write(bytes, release);
    // After an abort the remaining bytes are read and dropped, so that the worker can finish.
    release();
    return true;
  };
}

/** Waits for `work` and adds the time that it took to a phase of the query. */
export async function timed<T>(query: QueryRecord, phase: 'queue' | 'plan', work: Promise<T>): Promise<T> {
  const started = performance.now();
  try {
    return await work;
  } finally {
    query.phases[phase] += performance.now() - started;
    query.trace.add(phase, started);
  }
}
