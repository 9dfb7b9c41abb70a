/**
 * The compiler's two entry points, pure and without I/O. `parseQuery` needs the text only; `planQuery` also needs
 * what the database said about the source's columns, and asks for it. Both throw QueryError with a span.
 */
import { QueryError, type Span } from '../workers/errors.ts';
import { inputColumn } from './dialects/duckdb.ts';
import { decidePlacement, type PlaceableStage, type Placement } from './placement.ts';
import type {
  ParsedQuery,
  Plan,
  PlannedStage,
  PlanRequest,
  PlanStep,
  SourceDescription,
  SourcePlan,
  WorkerPlan,
} from './plan.ts';
import { planPlaced } from './postgres-plan.ts';
import { parseTree, type QueryTree } from './query-parser.ts';
import { Relation } from './relation.ts';
import { missingParameter } from './resolve-expression.ts';
import { refuseDuplicates, type Scope } from './scope.ts';
import { type BoundSql, bindSource, sourceColumns, wrapSource } from './source-sql.ts';
import type { ResolvedStage } from './stage.ts';
import { didYouMean, suggest } from './suggest.ts';
import { isUnsized } from './type-rules.ts';
import type { Column } from './types.ts';
import type { SortKey } from './window-frame.ts';

export function parseQuery(text: string): ParsedQuery {
  const tree = parseTree(text);
  return {
    connection: tree.connection,
    ...bindSource(text, tree.source),
    stageParameters: [...new Set(tree.stageParameters.map((token) => token.text))],
    stageCount: tree.stages.length,
  };
}

const SOURCE_KEY = 'source';

export function planQuery(request: PlanRequest): PlanStep {
  const tree = parseTree(request.text);
  checkParameters(tree, request.parameters);
  const bound = bindSource(request.text, tree.source);
  const connection = tree.connection ?? request.connection;
  if (tree.stages.length === 0 && !request.throughWorker)
    return { kind: 'plan', plan: planDirect(connection, bound) };
  const answer = request.answers[SOURCE_KEY];
  if (answer?.kind !== 'source')
    return { kind: 'ask', asks: [{ kind: 'source', key: SOURCE_KEY, connection, ...bound }] };
  return { kind: 'plan', plan: planStages(tree, connection, bound, answer, request) };
}

/** SQL only: it is sent as the user wrote it. */
function planDirect(connection: string, bound: BoundSql): Plan {
  const source: SourcePlan = {
    connection,
    ...bound,
    columns: null,
    databaseColumns: null,
    parameterOids: null,
  };
  return { sources: [source], worker: null, stages: [], columns: null, warnings: [], cacheable: true };
}

function planStages(
  tree: QueryTree,
  connection: string,
  bound: BoundSql,
  described: SourceDescription,
  request: PlanRequest,
): Plan {
  if (!tree.head.wrappable)
    throw new QueryError('unsupported', `\`${tree.head.word}\` has no answer in this format`, {
      span: tree.head.span,
      hint: 'ask for json, ndjson or csv',
    });
  const columns = sourceColumns(described);
  refuseBadSource(tree, columns);
  const resolved = resolveStages(tree, columns, request.parameters);
  const answer = resolved.at(-1)?.columns ?? columns;
  const stages = tree.stages.map((stage, index) => ({ ...stage, resolved: resolved[index]! }));
  const placement = decidePlacement(columns, stages, request.pushdown);
  const parts = splitPlan(placement, columns, answer, bound, described, request.throughWorker);
  return {
    sources: [{ connection, ...parts.source }],
    worker: parts.worker,
    stages: stages.map((stage, index) => plannedStage(stage, placement, index)),
    columns: answer,
    warnings: unsizedWarnings(parts.source.columns ?? []),
    cacheable: true,
  };
}

interface PlanParts {
  readonly source: Omit<SourcePlan, 'connection'>;
  readonly worker: WorkerPlan | null;
}

function splitPlan(
  placement: Placement,
  columns: readonly Column[],
  answer: readonly Column[],
  bound: BoundSql,
  described: SourceDescription,
  throughWorker: boolean,
): PlanParts {
  const { placed, rest, atMost } = placement;
  const wanted = usedColumns(rest, new Set(answer.map(({ name }) => name)));
  const used = usedColumns(placed, wanted);
  if (placed.length === 0 && atMost === null) {
    const source = wrapSource(bound, described, used);
    return { source, worker: emitWorker(rest, source.columns ?? [], [], answer) };
  }
  const last = placed.at(-1)?.resolved.columns ?? columns;
  const answers = rest.length === 0 && !throughWorker;
  const leaving = last.filter(({ name }) => wanted.has(name));
  const planned = planPlaced(bound, described, placement, used, leaving, answers);
  const worker = answers ? null : emitWorker(rest, planned.columns, planned.keys, answer);
  return { source: planned.source, worker };
}

function refuseBadSource(tree: QueryTree, columns: readonly Column[]): void {
  const span: Span = { start: tree.source.sqlStart, end: tree.source.sqlEnd };
  if (columns.length === 0)
    throw new QueryError('unsupported', 'the SQL has no columns for stages to work on', { span });
  const hint = (name: string): string => `name one of them differently in the SQL: \`... as ${name}_2\``;
  refuseDuplicates(columns, () => span, hint);
}

function resolveStages(
  tree: QueryTree,
  source: readonly Column[],
  parameters: Scope['parameters'],
): readonly ResolvedStage[] {
  let columns = source;
  return tree.stages.map(({ definition, syntax, span, index }) => {
    const stage = { index, name: definition.name };
    try {
      const resolved = definition.resolve(syntax, { columns, parameters, stage, text: tree.text }, span);
      columns = resolved.columns;
      return resolved;
    } catch (thrown) {
      throw thrown instanceof QueryError ? thrown.with({ stage }) : thrown;
    }
  });
}

/** Which columns the stages read when `wanted` of the last one's are, found from the last stage back to the first. */
function usedColumns(stages: readonly PlaceableStage[], wanted: ReadonlySet<string>): ReadonlySet<string> {
  return stages.reduceRight(
    (used, { definition, resolved }) => definition.columnsUsed(resolved, used),
    wanted,
  );
}

function emitWorker(
  stages: readonly PlaceableStage[],
  input: readonly Column[],
  keys: readonly SortKey[],
  answer: readonly Column[],
): WorkerPlan {
  let relation = Relation.input(input, keys);
  for (const { definition, resolved } of stages) relation = definition.emit(resolved, relation);
  relation = relation.project(answer.map(({ name }) => ({ name, as: name })));
  return {
    sql: relation.finish(),
    parameters: relation.parameters,
    inputs: [{ name: 'input', columns: input.map(inputColumn), scans: 1 }],
    runsUserSql: false,
  };
}

function plannedStage(
  { index, definition, span, resolved }: PlaceableStage,
  { placed, rest, why }: Placement,
  at: number,
): PlannedStage {
  const where = rest.some((stage) => stage.index === index) || placed.length === 0 ? 'worker' : 'source';
  return { index, name: definition.name, span, where, why: why[at]!, columns: resolved.columns };
}

function unsizedWarnings(columns: readonly Column[]): readonly string[] {
  return columns
    .filter((column) => isUnsized(column.type))
    .map(
      ({ name }) =>
        `\`${name}\` is numeric without a size: stages carry it with 20 digits before the point and 18 after`,
    );
}

/** Every name has a value, and every value a name. */
function checkParameters(tree: QueryTree, given: PlanRequest['parameters']): void {
  const uses = [
    ...tree.source.placeholders,
    ...tree.stageParameters.map(({ text, start, end }) => ({ name: text, start, end })),
  ];
  for (const { name, start, end } of uses)
    if (!Object.hasOwn(given, name)) throw missingParameter(name, { start, end });
  const names = new Set(uses.map((use) => use.name));
  const stray = Object.keys(given).find((name) => !names.has(name));
  if (stray === undefined) return;
  const suggestions = suggest(stray, names).map((name) => `:${name}`);
  throw new QueryError('unknown-parameter', `the query has no parameter \`:${stray}\``, {
    span: { start: 0, end: Math.min(1, tree.text.length) },
    hint: didYouMean(suggestions) ?? 'take its value away, or use it in the query',
    suggestions,
  });
}
