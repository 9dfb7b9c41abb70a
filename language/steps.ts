/**
 * The steps of the compiler as plain JSON, for `forkline compile` and for everybody who wants to see how a query came to
 * its statements.
 */
import type { Ask, AskAnswer, Judge, PlanRequest } from '../core/protocol/plan.ts';
import type { Column } from '../core/protocol/types.ts';
import { compileTree, withModels } from './compile.ts';
import { sourceDialect } from './dialects/registry.ts';
import type { QueryTree } from './frontends/query-tree.ts';
import { dialectAt } from './source/connections.ts';

export const STEPS = ['tree', 'resolved', 'placed', 'statements'] as const;

export type Step = (typeof STEPS)[number];

export type PrintedSteps =
  | { readonly kind: 'ask'; readonly asks: readonly Ask[] }
  | { readonly kind: 'steps'; readonly steps: Readonly<Record<Step, unknown>> };

/** Runs the chain and keeps every step; `resolved` and `placed` are null for SQL without stages. Throws QueryError. */
export function printedSteps(request: PlanRequest, judge: Judge): PrintedSteps {
  return withModels(request, judge, printedTree);
}

function printedTree(tree: QueryTree, request: PlanRequest, judge: Judge): PrintedSteps {
  const made = compileTree(tree, request, judge);
  if (made.kind === 'ask') return made;
  const { resolved, placed, plan } = made;
  const { explain, pushdown, lets, query, parameters } = tree;
  return {
    kind: 'steps',
    steps: {
      tree: printed({ explain, pushdown, lets, query, parameters }),
      resolved: printed(resolved),
      placed: printed(placed),
      statements: printed(plan),
    },
  };
}

/** Returns the answer to a question about a source, for who knows its columns by their types here. */
export function describedSource(
  { dialects }: Pick<PlanRequest, 'dialects'>,
  connection: string,
  columns: readonly Column[],
): AskAnswer {
  const dialect = sourceDialect(dialectAt(dialects, connection, null));
  const described = columns.map((column) => dialect.describedColumn(column, true));
  return { kind: 'source', columns: described, parameterTypes: [] };
}

/**
 * Copies data as plain JSON. A query that several read is written once; where it is read again stands `{"same": path}`, a
 * JSON pointer to it. Throws for what is no data: a function, a Map, an instance of a class.
 */
export function printed(value: unknown): unknown {
  const paths = new Map<object, string>();
  const copy = (part: unknown, path: string): unknown => {
    if (typeof part === 'function') throw new Error(`${path} is a function, not data`);
    if (typeof part !== 'object' || part === null) return part;
    if (Array.isArray(part)) return part.map((item, index) => copy(item, `${path}/${index}`));
    if (Object.getPrototypeOf(part) !== Object.prototype) throw new Error(`${path} is no plain object`);
    const known = paths.get(part);
    if (known !== undefined) return { same: known };
    if ('stages' in part) paths.set(part, path);
    return Object.fromEntries(
      Object.entries(part)
        .filter(([, item]) => item !== undefined)
        .map(([name, item]) => [name, copy(item, `${path}/${name}`)]),
    );
  };
  return copy(value, '#');
}
