/** Plans a definition of a model as a query: what columns it has, which models and tables it reads. */

import type { DialectName } from '../core/protocol/dialect-name.ts';
import { QueryError } from '../core/protocol/errors.ts';
import { type ModelColumn, modelKey } from '../core/protocol/models.ts';
import type { AskStep, Judge, PlanRequest } from '../core/protocol/plan.ts';
import { typeName } from '../core/protocol/types.ts';
import { compileTree, withModels } from './compile.ts';
import { judgeOf } from './dialects/registry.ts';
import type { QueryNode, QueryTree } from './frontends/query-tree.ts';
import type { PlacedGraph } from './placement/placed-graph.ts';

export interface ModelledSource {
  readonly connection: string;
  /** The tables that the SQL reads, as it names them; null: the grammar of that database is not known here. */
  readonly tables: readonly string[] | null;
  /** The columns of its rows that anybody uses. */
  readonly columns: readonly string[];
}

export interface Modelled {
  readonly kind: 'modelled';
  readonly columns: readonly ModelColumn[];
  /** The models that the text names itself, by `modelKey`. */
  readonly buildsOn: readonly string[];
  /** The SQL of the text itself. */
  readonly sources: readonly ModelledSource[];
  readonly warnings: readonly string[];
}

/** Throws QueryError with a place in the text. */
export function planModel(request: PlanRequest, judge: Judge): Modelled | AskStep {
  return withModels(request, judge, (tree, composed, judgeHere): Modelled | AskStep => {
    refuseSettings(tree);
    const made = compileTree(tree, { ...composed, columnsNeeded: true }, judgeHere);
    if (made.kind === 'ask') return made;
    return {
      kind: 'modelled',
      columns: made.resolved!.columns.map(({ name, type }) => ({ name, type: typeName(type) })),
      buildsOn: modelsNamed(tree),
      sources: sourcesIn(made.placed!, request),
      warnings: made.plan.warnings,
    };
  });
}

function refuseSettings({ explain, pushdown }: QueryTree): void {
  if (!explain && pushdown === null) return;
  const what = explain ? 'explain' : 'set pushdown';
  throw new QueryError('bad-model', `a model's query has no \`${what}\``, {
    span: { start: 0, end: what.length },
    hint: 'that is up to the query which reads the model: take it away',
  });
}

function modelsNamed({ query, lets }: QueryTree): readonly string[] {
  const found = new Set<string>();
  const visit = ({ source, stages }: QueryNode): void => {
    if (source.kind === 'query') visit(source.query);
    if (source.kind === 'let') {
      const { model } = lets[source.definition]!;
      if (model !== undefined) found.add(modelKey(model.name));
    }
    for (const stage of stages) stage.sources.forEach(visit);
  };
  for (const definition of lets) if (definition.ofModel !== true) visit(definition.query);
  visit(query);
  return [...found];
}

function sourcesIn({ queries }: PlacedGraph, { text, dialects }: PlanRequest): readonly ModelledSource[] {
  return queries.flatMap(({ base }) => {
    if (base.kind !== 'sql' || base.sql.span.start >= text.length) return [];
    const { connection, bound } = base.sql;
    const tables = tablesIn(dialects[connection]!, bound.sql);
    return [{ connection, tables, columns: [...base.used].sort() }];
  });
}

/** The tables as the SQL names them, each once and sorted. */
function tablesIn(dialect: DialectName, sql: string): readonly string[] | null {
  const names = judgeOf(dialect).namesIn(sql, []);
  if (names === null) return null;
  const tables = names.relations
    .filter(({ schema, name }) => schema !== null || !names.commonTables.includes(name))
    .map(({ schema, name }) => (schema === null ? name : `${schema}.${name}`));
  return [...new Set(tables)].sort();
}
