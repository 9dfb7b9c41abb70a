/** The plan of a query without stages: its SQL goes to the database as the user wrote it, unless a worker must encode the rows. */
import type { FunctionUse, Judge, Plan, PlanRequest, PlanStep } from '../../core/protocol/plan.ts';
import { sourceDialect } from '../dialects/registry.ts';
import { notComposed } from '../frontends/not-composed.ts';
import type { LetNode, QueryNode, SqlSourceNode } from '../frontends/query-tree.ts';
import { dialectAt } from '../source/connections.ts';
import { type BoundSql, bindSource } from '../source/sql.ts';
import { planEncoded, type ViewsOf } from './encoded-sql.ts';

/** The SQL that is all of the query; null when there are stages. */
export function sqlAlone({ source, stages }: QueryNode, lets: readonly LetNode[]): SqlSourceNode | null {
  if (stages.length > 0) return null;
  switch (source.kind) {
    case 'sql':
      return source;
    case 'let': {
      const { model, query } = lets[source.definition]!;
      // The contract of a model is checked before its rows are read, which needs its columns.
      return model === undefined ? sqlAlone(query, lets) : null;
    }
    case 'model':
      throw notComposed(source.name);
    case 'query':
      return sqlAlone(source.query, lets);
    default:
      return source satisfies never;
  }
}

/** `node`: what `sqlAlone` has found. */
export function planAlone(
  node: SqlSourceNode,
  request: PlanRequest,
  judge: Judge,
  warnings: readonly string[],
  viewsOf: ViewsOf,
): PlanStep {
  const connection = node.connection ?? request.connection;
  const { binding, scanned } = sourceDialect(dialectAt(request.dialects, connection, node.span));
  if (request.throughWorker || scanned) return planEncoded(node, request, judge, warnings, viewsOf);
  const bound = bindSource(request.text, node, request.parameters, binding);
  const functions = judge(connection, bound, false);
  return { kind: 'plan', plan: planDirect(connection, bound, functions, warnings) };
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
