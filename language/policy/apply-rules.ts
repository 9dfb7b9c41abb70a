/**
 * Makes the policy a part of a query's tree: models get the rules that they are shown by, and SQL is refused that stands in no model
 * of the policy and is for a connection on which who asks may write none. A model that the policy does not list is like its
 * text written out.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import { modelKey } from '../../core/protocol/models.ts';
import type { PlanRequest } from '../../core/protocol/plan.ts';
import type { ShownRows } from '../../core/protocol/shown-rows.ts';
import type { LetNode, QueryNode, QueryTree, SqlSourceNode } from '../frontends/query-tree.ts';
import { buildStage } from '../stages/kit/build-stage.ts';
import { SHOWN_ROWS } from '../stages/kit/shown-rows.ts';

type Request = Pick<PlanRequest, 'shown' | 'connection'>;

/** Throws `forbidden`. */
export function applyRules(tree: QueryTree, { shown, connection }: Request): QueryTree {
  if (shown === null || shown === undefined) return tree;
  refuseOwnSql(tree, shown, connection);
  const lets = tree.lets.map((definition) => withRules(definition, shown));
  return { ...tree, lets };
}

function isListed(definition: LetNode, { models }: ShownRows): boolean {
  return definition.model !== undefined && Object.hasOwn(models, modelKey(definition.model.name));
}

function withRules(definition: LetNode, shown: ShownRows): LetNode {
  if (!isListed(definition, shown)) return definition;
  const { name } = definition.model!;
  const rules = shown.models[modelKey(name)]!;
  if (rules.length === 0) return definition;
  const place = { index: 0, span: definition.nameSpan };
  return { ...definition, shown: buildStage(SHOWN_ROWS, { of: name, rules, fenced: true }, place) };
}

/** Looks at what is reached from the query without going through a model of the policy. */
function refuseOwnSql({ query, lets }: QueryTree, shown: ShownRows, usual: string): void {
  const { sql } = shown;
  if (sql === null) return;
  const seen = new Set<QueryNode>();
  const visit = (node: QueryNode): void => {
    if (seen.has(node)) return;
    seen.add(node);
    const { source, stages } = node;
    if (source.kind === 'sql') refuseSql(source, source.connection ?? usual, sql);
    else if (source.kind === 'query') visit(source.query);
    else if (source.kind === 'let') {
      const definition = lets[source.definition]!;
      if (!isListed(definition, shown)) visit(definition.query);
    }
    for (const stage of stages) stage.sources.forEach(visit);
  };
  visit(query);
}

function refuseSql({ span, place }: SqlSourceNode, connection: string, allowed: readonly string[]): void {
  if (allowed.includes(connection)) return;
  throw new QueryError(
    'forbidden',
    `SQL for the connection ${connection} is not for you, only models that your roles list`,
    {
      span: place ?? span,
      hint: 'begin with the name of a model: `GET /v1/models` lists them',
      rule: `sql: ${connection}`,
    },
  );
}
