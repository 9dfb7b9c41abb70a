/**
 * The planner's thread (a Piscina worker): compiling, and judging the SQL of users by a database's grammar, may take
 * milliseconds on hostile input, which the event loop that streams everybody's answers cannot spare. Errors come back as
 * data: a thrown QueryError would lose its fields on the way between threads. When a judge itself breaks the thread
 * ends with that error, and its owner starts another (planner-threads.ts).
 */
import { workerData } from 'node:worker_threads';
import { heapBytesOf } from '../../core/process/heap-bytes.ts';
import { QueryError, type WireError } from '../../core/protocol/errors.ts';
import type { PlanRequest, PlanStep } from '../../core/protocol/plan.ts';
import { planQuery } from '../../language/compile.ts';
import { JudgeBroken } from '../../language/dialects/judge.ts';
import { completeQuery } from '../../language/editor/complete.ts';
import type { CompleteRequest } from '../../language/editor/complete-types.ts';
import { formatQuery } from '../../language/editor/format.ts';
import { type ExplainStep, explainQuery } from '../../language/explain.ts';
import { planModel } from '../../language/plan-model.ts';
import { viewOf } from './explain-view.ts';
import { Judges } from './judges.ts';
import { type ConnectionsOfTask, KnownConnections, type VersionedConnections } from './known-connections.ts';
import { tablesOf } from './plan-tables.ts';

/** `visible` lists the connections that the principal sees; null: all. The compiler does not know of others. */
export interface Seeing {
  readonly visible: readonly string[] | null;
}

export type PlannerTask =
  /** `namesTables`: the plan tells which tables its SQL names. */
  | ({ readonly type: 'plan'; readonly namesTables?: boolean } & Seeing & Omit<PlanRequest, 'dialects'>)
  | ({ readonly type: 'explain' } & Seeing & Omit<PlanRequest, 'dialects'>)
  /** Plans a definition of a model. */
  | ({ readonly type: 'model' } & Seeing & Omit<PlanRequest, 'dialects'>)
  | { readonly type: 'format'; readonly text: string; readonly language?: 'legacy' | null }
  | ({ readonly type: 'complete' } & Seeing & Omit<CompleteRequest, 'dialects'>)
  /** Finds the names that decide the facts of a connection's SQL, with the values that are bound in it. */
  | {
      readonly type: 'names';
      readonly connection: string;
      readonly sql: string;
      readonly values: readonly (string | null)[];
    }
  /** Does nothing, so that only the loading that every task needs is done. */
  | { readonly type: 'warm' };

/** A task's result. `planBytes` is a plan's memory in a cache, estimated here so that it does not delay the main thread. */
export interface PlannerValue {
  readonly ok: true;
  readonly value: unknown;
  readonly planBytes?: number;
}

export type PlannerResult = PlannerValue | { readonly ok: false; readonly error: WireError };

/** A task on its way to a thread. */
export interface PlannerCall extends ConnectionsOfTask {
  readonly task: PlannerTask;
}

/** A thread's answer: the result, or 'connections-unknown' when the task must be sent again with the connections. */
export type PlannerReply = PlannerResult | 'connections-unknown';

const connections = new KnownConnections(workerData as VersionedConnections, () => judges.forget());
const judges = new Judges(connections);

/** The result of an `explain` task: the asks to answer first, or the answer's JSON. */
type EncodedExplainStep = Extract<ExplainStep, { kind: 'ask' }> | EncodedExplanation;

export interface EncodedExplanation {
  readonly kind: 'explained';
  /** The answer's JSON. */
  readonly json: string;
  /** The connections that the query's sources are on. */
  readonly connections: readonly string[];
}

/** Runs a task. Piscina calls this function by its name. */
export async function runTask(call: PlannerCall): Promise<PlannerReply> {
  if (!connections.accept(call)) return 'connections-unknown';
  const { task } = call;
  try {
    await judges.loading();
    const value = compile(task);
    return task.type === 'plan' ? { ok: true, value, planBytes: heapBytesOf(value) } : { ok: true, value };
  } catch (thrown) {
    if (thrown instanceof JudgeBroken) return endThread(thrown);
    return { ok: false, error: QueryError.from(thrown).toWire() };
  } finally {
    await judges.loading();
  }
}

/** The task is rejected with this error, and no other task can be on this thread. */
function endThread(failure: JudgeBroken): Promise<never> {
  setImmediate(() => {
    throw failure;
  });
  return new Promise(() => {});
}

/** Returns the explanation as JSON. It is encoded here because a long query's is tens of megabytes, which would delay the main thread. */
function explained(request: PlanRequest): EncodedExplainStep {
  const step = explainQuery(request, judges.judgeIn(request.text));
  if (step.kind === 'ask') return step;
  const connections = step.explained.plan.sources.map(({ connection }) => connection);
  return { kind: 'explained', json: JSON.stringify(viewOf(step.explained)), connections };
}

function withTables(step: PlanStep, wanted: boolean): PlanStep {
  if (!wanted || step.kind === 'ask') return step;
  const { plan } = step;
  const tables = tablesOf(plan, (connection) => judges.of(connection));
  return tables === null ? step : { kind: 'plan', plan: { ...plan, tables } };
}

function compile(task: PlannerTask): unknown {
  const dialects = 'visible' in task ? connections.seen(task.visible) : {};
  switch (task.type) {
    case 'plan':
      return withTables(
        planQuery({ ...task, dialects }, judges.judgeIn(task.text)),
        task.namesTables === true,
      );
    case 'explain':
      return explained({ ...task, dialects });
    case 'model':
      return planModel({ ...task, dialects }, judges.judgeIn(task.text));
    case 'format':
      return formatQuery(task.text, undefined, task.language ?? null);
    case 'complete':
      return completeQuery({ ...task, dialects }, judges.judgeIn(task.text));
    case 'names':
      return judges.of(task.connection).namesIn(task.sql, task.values);
    case 'warm':
      return null;
    default:
      task satisfies never;
  }
}
