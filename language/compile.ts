/**
 * The compiler's entry point, pure and without I/O: from a text to a plan, or to what must be known before there is one.
 * Throws QueryError with a span.
 */
import { QueryError, type Span } from '../core/protocol/errors.ts';
import type {
  AskAnswer,
  FunctionUse,
  Judge,
  Plan,
  PlannedStage,
  PlanRequest,
  PlanStep,
  Pushdown,
} from '../core/protocol/plan.ts';
import { didYouMean, suggest } from '../core/protocol/suggest.ts';
import type { Column } from '../core/protocol/types.ts';
import { dialectOfConnection, sourceDialect } from './dialects/registry.ts';
import type { LetNode, QueryNode, QueryTree, SqlSourceNode } from './frontends/query-tree.ts';
import { parseRequest } from './parse.ts';
import { planEncoded } from './placement/encoded-sql.ts';
import { explainPlan } from './placement/explain-rows.ts';
import { planParts, type StagePlace } from './placement/plan-parts.ts';
import { missingParameter } from './resolve/expression.ts';
import { type ResolvedQuery, type ResolvedStageNode, stagesOf } from './resolve/graph.ts';
import { Asking, resolveTree } from './resolve/query.ts';
import { functionsOf } from './source/judged-functions.ts';
import { type BoundSql, bindSource } from './source/sql.ts';
import { stageOf } from './stages/kit/registry.ts';
import { valuesOf } from './stages/kit/stage-values.ts';
import { isUnsized } from './types/rules.ts';

export function planQuery(request: PlanRequest, judge: Judge): PlanStep {
  const tree = parseRequest(request);
  const step = planTree(tree, request, judge);
  if (step.kind === 'ask' || !tree.explain) return step;
  return { kind: 'plan', plan: explainPlan(step.plan, request) };
}

/** The plan of the query itself, whether `explain` stands before it or not. */
export function planTree(tree: QueryTree, request: PlanRequest, judge: Judge): PlanStep {
  checkParameters(tree, request.parameters);
  const warnings = unusedLets(tree);
  const alone = sqlAlone(tree.query, tree.lets);
  if (alone !== null && !request.throughWorker) {
    const connection = alone.connection ?? request.connection;
    const { binding } = sourceDialect(dialectOfConnection(request, connection));
    const bound = bindSource(request.text, alone, request.parameters, binding);
    const functions = judge(connection, bound, false);
    return { kind: 'plan', plan: planDirect(connection, bound, functions, warnings) };
  }
  if (alone !== null) return planEncoded(alone, request, judge, warnings);
  try {
    const pushdown = tree.pushdown ?? request.pushdown;
    // What the compiler itself must know of the rows may be found out anywhere.
    const anywhere = pushdown === 'require' ? 'auto' : pushdown;
    const { answers, throughWorker } = request;
    const resolved = resolveTree(tree, request, {
      stageOf,
      planValues: (input, value, atMost) =>
        planResolved(valuesOf(input, value, atMost), anywhere, false, answers),
      judge,
    });
    const plan = planResolved(resolved, pushdown, throughWorker, answers);
    return { kind: 'plan', plan: { ...plan, warnings: [...warnings, ...plan.warnings] } };
  } catch (thrown) {
    if (thrown instanceof Asking) return { kind: 'ask', asks: thrown.asks };
    throw thrown;
  }
}

/** The SQL that is all of the query; null when there are stages. */
function sqlAlone({ source, stages }: QueryNode, lets: readonly LetNode[]): SqlSourceNode | null {
  if (stages.length > 0) return null;
  switch (source.kind) {
    case 'sql':
      return source;
    case 'let':
      return sqlAlone(lets[source.definition]!.query, lets);
    case 'query':
      return sqlAlone(source.query, lets);
    default:
      return source satisfies never;
  }
}

/** SQL only: it is sent as the user wrote it. */
function planDirect(
  connection: string,
  bound: BoundSql,
  functions: readonly FunctionUse[],
  warnings: readonly string[],
): Plan {
  const source = {
    connection,
    ...bound,
    columns: null,
    databaseColumns: null,
    parameterTypes: null,
    functions,
  };
  return { sources: [source], worker: null, stages: [], columns: null, warnings, cacheable: true };
}

function planResolved(
  query: ResolvedQuery,
  pushdown: Pushdown,
  throughWorker: boolean,
  answers: Readonly<Record<string, AskAnswer>>,
): Plan {
  const { sources, worker, places } = planParts(query, pushdown, throughWorker);
  const stages = stagesOf(query);
  return {
    sources: sources.map((source) => ({ ...source, functions: functionsOf(source.connection, answers) })),
    worker,
    stages: stages.map((stage) => plannedStage(stage, places.get(stage.node.index)!)),
    columns: query.columns,
    warnings: unsizedWarnings(sources.flatMap(({ columns }) => columns ?? [])),
    cacheable: !stages.some(({ resolved }) => resolved.dependsOnData === true),
  };
}

function plannedStage({ node, resolved }: ResolvedStageNode, place: StagePlace): PlannedStage {
  const { index, name, span } = node;
  return { index, name, span, ...place, columns: resolved.columns };
}

function unsizedWarnings(columns: readonly Column[]): readonly string[] {
  const names = columns.filter(({ type }) => isUnsized(type)).map(({ name }) => name);
  return [...new Set(names)].map(
    (name) =>
      `\`${name}\` is numeric without a size: stages carry it with 20 digits before the point and 18 after`,
  );
}

function unusedLets({ lets, query }: QueryTree): readonly string[] {
  const used = new Set<LetNode>();
  const visit = ({ source, stages }: QueryNode): void => {
    if (source.kind === 'query') visit(source.query);
    const definition = source.kind === 'let' ? lets[source.definition]! : null;
    if (definition !== null && !used.has(definition)) {
      used.add(definition);
      visit(definition.query);
    }
    for (const stage of stages) stage.sources.forEach(visit);
  };
  visit(query);
  return lets.filter((definition) => !used.has(definition)).map(({ name }) => `\`${name}\` is never used`);
}

/** Every name has a value, and every value a name. */
function checkParameters({ parameters: uses, text }: QueryTree, given: PlanRequest['parameters']): void {
  for (const { name, start, end } of uses)
    if (!Object.hasOwn(given, name)) throw missingParameter(name, { start, end });
  const names = new Set(uses.map((use) => use.name));
  const stray = Object.keys(given).find((name) => !names.has(name));
  if (stray === undefined) return;
  const suggestions = suggest(stray, names).map((name) => `:${name}`);
  const span: Span = { start: 0, end: Math.min(1, text.length) };
  throw new QueryError('unknown-parameter', `the query has no parameter \`:${stray}\``, {
    span,
    hint: didYouMean(suggestions) ?? 'take its value away, or use it in the query',
    suggestions,
  });
}
