/**
 * The compiler: text -> tree -> resolved query -> placed graph -> plan. Each step is a function from data to data, and
 * `forkline compile --step` prints what it made. Pure and without I/O: what must be known from elsewhere is asked for, and
 * the compiler called again with the answers. Throws QueryError with a span.
 */
import type { Ask, Judge, Plan, PlanRequest, PlanStep, Pushdown } from '../core/protocol/plan.ts';
import { explainPlan } from './emit/explain-rows.ts';
import { emitPlan } from './emit/plan.ts';
import { scansOf } from './emit/scan.ts';
import { planAlone, sqlAlone } from './emit/sql-alone.ts';
import { legacyCommandOf, lowerCommand } from './frontends/legacy/lower.ts';
import type { QueryTree } from './frontends/query-tree.ts';
import { treeOf, usualLexical } from './parse.ts';
import { place } from './placement/place.ts';
import type { PlacedGraph } from './placement/placed-graph.ts';
import { checkParameters, unusedLets } from './resolve/check-tree.ts';
import type { ResolvedQuery } from './resolve/graph.ts';
import { Asking, resolveTree } from './resolve/query.ts';
import { STAGE_SYNTAXES, stageOf } from './stages/kit/registry.ts';
import { valuesOf } from './stages/kit/stage-values.ts';

/** The results of the steps after the tree. */
export interface Compiled {
  readonly kind: 'compiled';
  /** The resolved query; null: there are no stages, and the SQL is sent as it is. */
  readonly resolved: ResolvedQuery | null;
  readonly placed: PlacedGraph | null;
  readonly plan: Plan;
}

export function planQuery(request: PlanRequest, judge: Judge): PlanStep {
  const tree = treeOf(request);
  const step = planTree(tree, request, judge);
  if (step.kind === 'ask') return step;
  if (!tree.explain) return { kind: 'plan', plan: withWish(step.plan, tree) };
  const scans = scansOf(step.plan, request);
  if (scans.kind === 'ask') return scans;
  return { kind: 'plan', plan: withWish(explainPlan(step.plan, request, scans.scans), tree) };
}

/** Adds the query's wish about keeping its answer. */
function withWish(plan: Plan, { cache }: QueryTree): Plan {
  return cache === undefined ? plan : { ...plan, cache };
}

/** The plan of the query itself, whether `explain` stands before it or not. */
export function planTree(tree: QueryTree, request: PlanRequest, judge: Judge): PlanStep {
  const made = compileTree(tree, request, judge);
  return made.kind === 'ask' ? made : { kind: 'plan', plan: made.plan };
}

/** The steps after the tree, or what must be known first. */
export function compileTree(
  tree: QueryTree,
  request: PlanRequest,
  judge: Judge,
): Compiled | { readonly kind: 'ask'; readonly asks: readonly Ask[] } {
  checkParameters(tree, request.parameters);
  const warnings = unusedLets(tree);
  const alone = sqlAlone(tree.query, tree.lets);
  if (alone !== null) {
    const step = planAlone(alone, request, judge, warnings);
    return step.kind === 'ask' ? step : { kind: 'compiled', resolved: null, placed: null, plan: step.plan };
  }
  try {
    const pushdown = tree.pushdown ?? request.pushdown;
    const resolved = resolveTree(tree, request, {
      stageOf,
      planValues: (input, value, atMost) => planAnywhere(valuesOf(input, value, atMost), pushdown, request),
      judge,
      commandOf: legacyCommandOf,
      expand: (input, probe) =>
        lowerCommand(input, { syntaxes: STAGE_SYNTAXES, lexical: usualLexical(request), probe }),
    });
    const placed = place(resolved, pushdown, request.throughWorker);
    const plan = emitPlan(placed, request);
    return {
      kind: 'compiled',
      resolved,
      placed,
      plan: { ...plan, warnings: [...warnings, ...plan.warnings] },
    };
  } catch (thrown) {
    if (thrown instanceof Asking) return { kind: 'ask', asks: thrown.asks };
    throw thrown;
  }
}

/** The plan for what the compiler itself must know of the rows, which may be found out anywhere. */
function planAnywhere(query: ResolvedQuery, pushdown: Pushdown, request: PlanRequest): Plan {
  return emitPlan(place(query, pushdown === 'require' ? 'auto' : pushdown, false), request);
}
