/**
 * The planner's thread (a Piscina worker): compiling, and judging the SQL of users by PostgreSQL's grammar, may take
 * milliseconds on hostile input, which the event loop that streams everybody's answers cannot spare. Errors come back as
 * data: a thrown QueryError would lose its fields on the way between threads. When the grammar itself fails the thread
 * ends with that error, and its owner starts another (planner-threads.ts).
 */
import { workerData } from 'node:worker_threads';
import { heapBytesOf } from '../../core/process/heap-bytes.ts';
import { QueryError, type WireError } from '../../core/protocol/errors.ts';
import type { Judge, PlanRequest } from '../../core/protocol/plan.ts';
import { planQuery } from '../../language/compile.ts';
import {
  GrammarFailure,
  isGrammarLoaded,
  loadGrammar,
} from '../../language/dialects/postgres/guard/grammar.ts';
import { Verdicts } from '../../language/dialects/postgres/guard/verdicts.ts';
import { completeQuery } from '../../language/editor/complete.ts';
import type { CompleteRequest } from '../../language/editor/complete-types.ts';
import { formatQuery } from '../../language/editor/format.ts';
import { type ExplainStep, explainQuery } from '../../language/explain.ts';
import { viewOf } from './explain-view.ts';
import { type ConnectionsOfTask, KnownConnections, type VersionedConnections } from './known-connections.ts';
import { mapToQuery } from './source-sql.ts';

/** The connections that whoever asks sees; null: all. Others are not there for the compiler. */
export interface Seeing {
  readonly visible: readonly string[] | null;
}

export type PlannerTask =
  | ({ readonly type: 'plan' } & Seeing & Omit<PlanRequest, 'dialects'>)
  | ({ readonly type: 'explain' } & Seeing & Omit<PlanRequest, 'dialects'>)
  | { readonly type: 'format'; readonly text: string }
  | ({ readonly type: 'complete' } & Seeing & Omit<CompleteRequest, 'dialects'>)
  /** Does nothing but what every other task needs to have been done. */
  | { readonly type: 'warm' };

/** `planBytes`: what the plan takes in a cache, counted here where it holds up nobody; left out of other results. */
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

/** What a thread answers: 'connections-unknown' when the task must come again with the connections. */
export type PlannerReply = PlannerResult | 'connections-unknown';

const verdictsByConnection = new Map<string, Verdicts>();
const connections = new KnownConnections(workerData as VersionedConnections, () =>
  verdictsByConnection.clear(),
);

function verdictsOf(connection: string): Verdicts {
  const known = verdictsByConnection.get(connection);
  if (known !== undefined) return known;
  const made = new Verdicts(connections.allowedFunctions(connection));
  verdictsByConnection.set(connection, made);
  return made;
}

/** Errors point into `text`. */
function judgeIn(text: string): Judge {
  return (connection, bound, feedsStages) => {
    try {
      const verdicts = verdictsOf(connection);
      // SQL alone is kept with its plan; that of a source is judged again with each other pipeline behind it.
      const { copyable, functions } = feedsStages ? verdicts.kept(bound.sql) : verdicts.of(bound.sql);
      if (feedsStages && !copyable) throw cannotFeedStages();
      return functions;
    } catch (thrown) {
      throw mapToQuery(thrown, bound, text);
    }
  };
}

function cannotFeedStages(): QueryError {
  return new QueryError('unsupported', 'SHOW and EXPLAIN cannot feed stages', {
    hint: 'Stages work on the rows of a SELECT, WITH, VALUES or TABLE. Without stages it runs.',
    sqlPosition: 1,
  });
}

/** What an `explain` task returns: what must be known before, or the answer's JSON. */
type EncodedExplainStep = Extract<ExplainStep, { kind: 'ask' }> | EncodedExplanation;

export interface EncodedExplanation {
  readonly kind: 'explained';
  /** The answer's JSON. */
  readonly json: string;
  /** The connections that the query's sources are on. */
  readonly connections: readonly string[];
}

/** Piscina calls this by its name. */
export async function runTask(call: PlannerCall): Promise<PlannerReply> {
  if (!connections.accept(call)) return 'connections-unknown';
  const { task } = call;
  try {
    if (!isGrammarLoaded()) await loadGrammar();
    const value = compile(task);
    return task.type === 'plan' ? { ok: true, value, planBytes: heapBytesOf(value) } : { ok: true, value };
  } catch (thrown) {
    if (thrown instanceof GrammarFailure) return endThread(thrown);
    return { ok: false, error: QueryError.from(thrown).toWire() };
  } finally {
    if (!isGrammarLoaded()) await loadGrammar();
  }
}

/** The task is rejected with this error, and no other task can be on this thread. */
function endThread(failure: GrammarFailure): Promise<never> {
  setImmediate(() => {
    throw failure;
  });
  return new Promise(() => {});
}

/** Encoded here: of a long query it is tens of megabytes, which would hold up everybody's answers. */
function explained(request: PlanRequest): EncodedExplainStep {
  const step = explainQuery(request, judgeIn(request.text));
  if (step.kind === 'ask') return step;
  const connections = step.explained.plan.sources.map(({ connection }) => connection);
  return { kind: 'explained', json: JSON.stringify(viewOf(step.explained)), connections };
}

function compile(task: PlannerTask): unknown {
  const dialects = 'visible' in task ? connections.seen(task.visible) : {};
  switch (task.type) {
    case 'plan':
      return planQuery({ ...task, dialects }, judgeIn(task.text));
    case 'explain':
      return explained({ ...task, dialects });
    case 'format':
      return formatQuery(task.text);
    case 'complete':
      return completeQuery({ ...task, dialects }, judgeIn(task.text));
    case 'warm':
      return null;
    default:
      task satisfies never;
  }
}
