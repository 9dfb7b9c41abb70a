/** The plan of a placed query: its statements, and what people are told of it. */
import type { Plan, PlannedStage, PlanRequest } from '../../core/protocol/plan.ts';
import type { Column } from '../../core/protocol/types.ts';
import type { PlacedGraph, PlacedNode } from '../placement/placed-graph.ts';
import { functionsOf } from '../source/judged-functions.ts';
import { SHOWN_ROWS } from '../stages/kit/shown-rows.ts';
import { isUnsized } from '../types/rules.ts';
import { emit } from './statements.ts';

export function emitPlan(
  graph: PlacedGraph,
  { answers, parameters }: Pick<PlanRequest, 'answers' | 'parameters'>,
): Plan {
  const { sources, worker } = emit(graph, parameters);
  const { queries, root, stages } = graph;
  return {
    sources: sources.map((source) => ({ ...source, functions: functionsOf(source.connection, answers) })),
    worker,
    stages: stages.filter(({ name }) => name !== SHOWN_ROWS.name).map((stage) => plannedStage(stage, graph)),
    columns: queries[root]!.columns,
    warnings: unsizedWarnings(sources.flatMap(({ columns }) => columns ?? [])),
    cacheable: !dependsOnData(graph),
  };
}

function plannedStage(
  { index, name, span, engine, why, columns }: PlacedNode,
  { engines }: PlacedGraph,
): PlannedStage {
  return { index, name, span, where: engine === engines.at(-1) ? 'worker' : 'source', why, columns };
}

/** Some stage holds only for the data as it was when it was planned. */
function dependsOnData({ queries }: PlacedGraph): boolean {
  return queries.some(({ runs }) =>
    runs.some(({ stages }) => stages.some(({ resolved }) => resolved.dependsOnData === true)),
  );
}

function unsizedWarnings(columns: readonly Column[]): readonly string[] {
  const names = columns.filter(({ type }) => isUnsized(type)).map(({ name }) => name);
  return [...new Set(names)].map(
    (name) =>
      `\`${name}\` is numeric without a size: stages carry it with 20 digits before the point and 18 after`,
  );
}
