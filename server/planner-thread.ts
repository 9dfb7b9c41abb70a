/**
 * The planner's thread (a Piscina worker): compiling may take milliseconds on hostile input, which the event loop
 * that streams everybody's answers cannot spare. Errors come back as data: a thrown QueryError would lose its
 * fields on the way between threads.
 */
import { planQuery } from '../language/compile.ts';
import { completeQuery } from '../language/complete.ts';
import type { CompleteRequest } from '../language/complete-types.ts';
import { explainQuery } from '../language/explain.ts';
import { formatQuery } from '../language/format.ts';
import type { PlanRequest } from '../language/plan.ts';
import { QueryError, type WireError } from '../workers/errors.ts';
import { heapBytesOf } from './heap-bytes.ts';

export type PlannerTask =
  | ({ readonly type: 'plan' } & PlanRequest)
  | ({ readonly type: 'explain' } & PlanRequest)
  | { readonly type: 'format'; readonly text: string }
  | ({ readonly type: 'complete' } & CompleteRequest);

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

function compile(task: PlannerTask): unknown {
  switch (task.type) {
    case 'plan':
      return planQuery(task);
    case 'explain':
      return explainQuery(task);
    case 'format':
      return formatQuery(task.text);
    case 'complete':
      return completeQuery(task);
    default:
      task satisfies never;
  }
}
