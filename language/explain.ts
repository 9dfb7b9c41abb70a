/** The compiler's part of POST /v1/explain: tokens and the plan. `explain` before the query changes nothing here. */
import type { Judge, Plan, PlanRequest, PlanStep, ScanFacts } from '../core/protocol/plan.ts';
import { planTree, withModels } from './compile.ts';
import { scansOf } from './emit/scan.ts';
import type { ForklineTree } from './frontends/forkline/query-parser.ts';
import type { Token } from './frontends/forkline/token.ts';
import type { QueryTree } from './frontends/query-tree.ts';

export interface ExplainedQuery {
  readonly tokens: readonly Pick<Token, 'kind' | 'text' | 'start' | 'end'>[];
  readonly plan: Plan;
  /** The files that each scan would read, in the order of the sources that are scans. */
  readonly scans: readonly ScanFacts[];
}

export type ExplainStep =
  | Extract<PlanStep, { kind: 'ask' }>
  | { readonly kind: 'explained'; readonly explained: ExplainedQuery };

export function explainQuery(request: PlanRequest, judge: Judge): ExplainStep {
  return withModels(request, judge, explainTree);
}

function explainTree(tree: QueryTree, request: PlanRequest, judge: Judge): ExplainStep {
  const step = planTree(tree, request, judge);
  if (step.kind === 'ask') return step;
  const scans = scansOf(step.plan, request);
  if (scans.kind === 'ask') return scans;
  // The tokens are Forkline's own; of another language there are none.
  const all: readonly Token[] = 'tokens' in tree ? (tree as ForklineTree).tokens : [];
  const tokens = all.map(({ kind, text, start, end }) => ({ kind, text, start, end }));
  return { kind: 'explained', explained: { tokens, plan: step.plan, scans: scans.scans } };
}
