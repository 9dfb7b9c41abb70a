/**
 * The planner's thread (a Piscina worker): compiling may take milliseconds on hostile input, which the event loop
 * that streams everybody's answers cannot spare. Errors come back as data: a thrown QueryError would lose its
 * fields on the way between threads.
 */
import { planQuery } from '../language/compile.ts';
import { completeQuery } from '../language/complete.ts';
import type { CompleteRequest } from '../language/complete-types.ts';
import { type ExplainStep, explainQuery } from '../language/explain.ts';
import { formatQuery } from '../language/format.ts';
import type { PlanRequest } from '../language/plan.ts';
import { QueryError, type WireError } from '../workers/errors.ts';
import { viewOf } from './explain-view.ts';
import { heapBytesOf } from './heap-bytes.ts';

export type PlannerTask =
  | ({ readonly type: 'plan' } & PlanRequest)
  | ({ readonly type: 'explain' } & PlanRequest)
  | { readonly type: 'format'; readonly text: string }
  | ({ readonly type: 'complete' } & CompleteRequest);

/** What an `explain` task returns: what must be known before, or the answer's JSON. */
export type EncodedExplainStep =
  | Extract<ExplainStep, { kind: 'ask' }>
  | { readonly kind: 'explained'; readonly json: string };

export type PlannerResult =
  /** `planBytes`: what the plan takes in a cache, counted here where it holds up nobody; left out of other results. */
  | { readonly ok: true; readonly value: unknown; readonly planBytes?: number }
  | { readonly ok: false; readonly error: WireError };

/** Piscina calls this by its name. */
export function runTask(task: PlannerTask): PlannerResult {
  try {
    const value = compile(task);
    return task.type === 'plan' ? { ok: true, value, planBytes: heapBytesOf(value) } : { ok: true, value };
  } catch (thrown) {
    return { ok: false, error: QueryError.from(thrown).toWire() };
  }
}

/** Encoded here: of a long query it is tens of megabytes, which would hold up everybody's answers. */
function explained(request: PlanRequest): EncodedExplainStep {
  const step = explainQuery(request);
  return step.kind === 'ask' ? step : { kind: 'explained', json: JSON.stringify(viewOf(step.explained)) };
}

function compile(task: PlannerTask): unknown {
  switch (task.type) {
    case 'plan':
      return planQuery(task);
    case 'explain':
      return explained(task);
    case 'format':
      return formatQuery(task.text);
    case 'complete':
      return completeQuery(task);
    default:
      task satisfies never;
  }
}
