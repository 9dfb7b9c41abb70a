/**
 * Finds the names in a SQL text that decide its facts: tables, functions, operators. The database's catalogue says what they are
 * (connectors/postgres/facts.ts). This parses the text once more, so it is called for texts whose facts are wanted only.
 */
import type { NamedFunction, SqlNames } from '../../../../core/protocol/sql-facts.ts';
import { findNames } from './found-names.ts';
import { parseSql } from './grammar.ts';
import { requireParsable } from './limits.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Words that the database reads as a moment that passes, when it reads a text as a date or time. */
const PASSING_MOMENT = /\b(now|today|tomorrow|yesterday)\b/i;

/** `values`: the texts bound to $1..$n. Throws as `judgeSql` does for a text that cannot be parsed. */
export function namesIn(sql: string, values: readonly (string | null)[]): SqlNames {
  requireParsable(sql);
  const tree = parseSql(sql);
  const found: Found = {
    relations: new Map(),
    commonTables: new Set(),
    operators: new Set(),
    syntax: 'immutable',
  };
  if (values.some((value) => value !== null && PASSING_MOMENT.test(value))) found.syntax = 'stable';
  walk(tree, found);
  return {
    relations: [...found.relations.values()],
    commonTables: [...found.commonTables],
    functions: functionsIn(tree),
    operators: [...found.operators],
    syntax: found.syntax,
  };
}

interface Found {
  readonly relations: Map<string, SqlNames['relations'][number]>;
  readonly commonTables: Set<string>;
  readonly operators: Set<string>;
  syntax: SqlNames['syntax'];
}

/** Walks without recursion: a chain of 20,000 operators is a tree as deep. */
function walk(tree: unknown, found: Found): void {
  const left: unknown[] = [tree];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, inner] of Object.entries(value)) {
      if (typeof inner !== 'object' || inner === null) continue;
      NOTES[key]?.(found, inner as Fields);
      left.push(inner);
    }
  }
}

/** Notes what matters of a node, by the name that the grammar gives it. */
const NOTES: Readonly<Record<string, (found: Found, node: Fields) => void>> = {
  RangeVar: (found, { schemaname, relname }) => {
    const schema = typeof schemaname === 'string' ? schemaname : null;
    found.relations.set(JSON.stringify([schema, relname]), { schema, name: String(relname) });
  },
  CommonTableExpr: (found, { ctename }) => void found.commonTables.add(String(ctename)),
  A_Expr: (found, { name }) => noteOperator(found, name),
  SubLink: (found, { operName }) => noteOperator(found, operName),
  SortBy: (found, { useOp }) => noteOperator(found, useOp),
  A_Const: (found, { sval }) => {
    if (PASSING_MOMENT.test(String((sval as Fields | undefined)?.sval ?? ''))) raise(found, 'stable');
  },
  SQLValueFunction: (found) => raise(found, 'stable'),
  VariableShowStmt: (found) => raise(found, 'stable'),
  // Costs and estimates follow the statistics, and times the moment.
  ExplainStmt: (found) => raise(found, 'volatile'),
};

function noteOperator(found: Found, names: unknown): void {
  const last: Fields | undefined = Array.isArray(names) ? names.at(-1) : undefined;
  const name = (last?.String as Fields | undefined)?.sval;
  if (typeof name === 'string') found.operators.add(name);
}

function raise(found: Found, to: 'stable' | 'volatile'): void {
  if (found.syntax !== 'volatile') found.syntax = to;
}

function functionsIn(tree: unknown): readonly NamedFunction[] {
  const uses = findNames(tree).names.map(({ names, as }) => ({
    schema: names.at(-2) ?? null,
    name: names.at(-1)!,
    as,
  }));
  return [...new Map(uses.map((use) => [JSON.stringify(use), use])).values()];
}
