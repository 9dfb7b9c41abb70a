/**
 * The compiler: text -> tree -> resolved query -> placed graph -> plan. Each step is a function from data to data, and
 * `forkline compile --step` prints what it made. Pure and without I/O: what must be known from elsewhere is asked for, and
 * the compiler called again with the answers. Throws QueryError with a span.
 */
import type { PlanModels } from '../core/protocol/models.ts';
import type { Ask, AskStep, Judge, Plan, PlanRequest, PlanStep, Pushdown } from '../core/protocol/plan.ts';
import { explainPlan } from './emit/explain-rows.ts';
import { emitPlan } from './emit/plan.ts';
import { scansOf } from './emit/scan.ts';
import { planAlone, sqlAlone } from './emit/sql-alone.ts';
import { type LowerTools, legacyCommandOf, lowerCommand } from './frontends/legacy/lower.ts';
import type { QueryTree } from './frontends/query-tree.ts';
import { aboutModel } from './models/about-model.ts';
import { compose } from './models/composition.ts';
import { checkContract } from './models/contract.ts';
import { treeOf, usualLexical } from './parse.ts';
import { place } from './placement/place.ts';
import type { PlacedGraph } from './placement/placed-graph.ts';
import { applyRules } from './policy/apply-rules.ts';
import { tableViews } from './policy/table-views.ts';
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
  return withModels(request, judge, (tree, composed, judgeHere) => {
    const step = planTree(tree, composed, judgeHere);
    if (step.kind === 'ask') return step;
    if (!tree.explain) return { kind: 'plan', plan: withWish(step.plan, tree) };
    const scans = scansOf(step.plan, composed);
    if (scans.kind === 'ask') return scans;
    const { models } = step.plan;
    const plan = withWish(explainPlan(step.plan, composed, scans.scans), tree);
    return { kind: 'plan', plan: models === undefined ? plan : { ...plan, models } };
  });
}

/** Adds the query's wish about keeping its answer. */
function withWish(plan: Plan, { cache }: QueryTree): Plan {
  return cache === undefined ? plan : { ...plan, cache };
}

/** The request as `withModels` gives it: its text is the composed one. */
export interface ComposedRequest extends PlanRequest {
  /** The models in the text; left out: none was looked up. */
  readonly models?: PlanModels;
  /** Whether the columns must be known even without stages. */
  readonly columnsNeeded?: boolean;
}

/** Calls `work` with the tree of the request's text and of all models that it reads. Throws QueryError, its place in the request's own text. */
export function withModels<Step extends { readonly kind: string }>(
  request: PlanRequest,
  judge: Judge,
  work: (tree: QueryTree, composed: ComposedRequest, judge: Judge) => Step,
): Step | AskStep {
  if (request.catalogue !== true) return work(applyRules(treeOf(request), request), request, judge);
  const composed = compose(request, treeOf);
  if (composed.kind === 'ask') return composed;
  const { tree, models } = composed;
  if (models === null) return work(applyRules(tree, request), request, judge);
  const { text } = models;
  try {
    const step = work(
      applyRules(tree, request),
      { ...composed.request, models },
      (connection, bound, feedsStages) => judge(connection, bound, feedsStages, text),
    );
    return step.kind === 'ask' ? { ...step, models } : step;
  } catch (thrown) {
    throw aboutModel(thrown, models);
  }
}

/** The plan of the query itself, whether `explain` stands before it or not. */
export function planTree(tree: QueryTree, request: PlanRequest, judge: Judge): PlanStep {
  const made = compileTree(tree, request, judge);
  return made.kind === 'ask' ? made : { kind: 'plan', plan: made.plan };
}

/** The steps after the tree, or what must be known first. */
export function compileTree(
  tree: QueryTree,
  request: ComposedRequest,
  judge: Judge,
  /** Is told of what each command of the legacy language becomes, for a text that is kept. */
  heard?: LowerTools['heard'],
): Compiled | { readonly kind: 'ask'; readonly asks: readonly Ask[] } {
  checkParameters(tree, request.parameters);
  const warnings = [...unusedLets(tree)];
  const { models } = request;
  const alone = request.columnsNeeded === true ? null : sqlAlone(tree.query, tree.lets);
  const viewsOf = (connection: string, sql: string) => tableViews(request, connection, sql);
  try {
    if (alone !== null) {
      const step = planAlone(alone, request, judge, warnings, viewsOf);
      if (step.kind === 'ask') return step;
      const plan = { ...step.plan, ...(models !== undefined && { models }), ...partialIf(step.plan, tree) };
      return { kind: 'compiled', resolved: null, placed: null, plan };
    }
    const pushdown = tree.pushdown ?? request.pushdown;
    const resolved = resolveTree(tree, request, {
      stageOf,
      planValues: (input, value, atMost) => planAnywhere(valuesOf(input, value, atMost), pushdown, request),
      judge,
      viewsOf,
      checkModel: (model, definition, { columns }) =>
        void warnings.push(...checkContract(model, definition, columns)),
      commandOf: legacyCommandOf,
      expand: (input, probe) =>
        lowerCommand(input, {
          syntaxes: STAGE_SYNTAXES,
          lexical: usualLexical(request),
          probe,
          heard,
          kept: heard !== undefined,
        }),
    });
    const placed = place(resolved, pushdown, request.throughWorker);
    const plan = emitPlan(placed, request);
    return {
      kind: 'compiled',
      resolved,
      placed,
      plan: {
        ...plan,
        warnings: [...warnings, ...plan.warnings],
        ...(models !== undefined && { models }),
        ...partialIf(plan, tree),
      },
    };
  } catch (thrown) {
    if (thrown instanceof Asking) return { kind: 'ask', asks: thrown.asks };
    throw thrown;
  }
}

/** Says that the policy shows only a part of what is read. */
function partialIf({ worker }: Plan, { lets }: QueryTree): Pick<Plan, 'isPartial'> {
  const views = worker?.inputs.flatMap(({ scan }) => Object.values(scan?.views ?? {})) ?? [];
  const isPartial = views.some((view) => view !== null) || lets.some(({ shown }) => shown !== undefined);
  return isPartial ? { isPartial } : {};
}

/** The plan for what the compiler itself must know of the rows, which may be found out anywhere. */
function planAnywhere(query: ResolvedQuery, pushdown: Pushdown, request: PlanRequest): Plan {
  return emitPlan(place(query, pushdown === 'require' ? 'auto' : pushdown, false), request);
}
