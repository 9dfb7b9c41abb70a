/**
 * Decides whether a user's SQL for the stage engine may be bound at all, by what it names: functions only from the list
 * of `sql-functions.ts`, tables only those that it is given (`input`) and those of its own WITH. Binding already runs parts of a statement (table
 * functions act on the engine, files are looked for), so this comes first, on the engine's own parse.
 *
 * A kind of node that this file does not know is refused.
 */
import { type ErrorDetails, QueryError } from '../../../core/protocol/errors.ts';
import { didYouMean, suggest } from '../../../core/protocol/suggest.ts';
import { CALLABLE, CALLABLE_IN_FROM, REFUSALS } from './sql-functions.ts';
import { positionAt, type TreeNode } from './sql-tree.ts';

const EXPRESSIONS = new Set([
  ...['BETWEEN', 'CASE', 'CAST', 'COLLATE', 'COLUMN_REF', 'COMPARISON', 'CONJUNCTION', 'CONSTANT'],
  ...['DEFAULT', 'FUNCTION', 'LAMBDA', 'LAMBDA_REF', 'OPERATOR', 'POSITIONAL_REFERENCE', 'STAR', 'SUBQUERY'],
  'WINDOW',
]);
/** Query nodes, references to tables and modifiers: what has a type and is no expression. */
const PARTS = new Set([
  ...['SELECT_NODE', 'SET_OPERATION_NODE', 'RECURSIVE_CTE_NODE', 'CTE_NODE'],
  ...[
    'BASE_TABLE',
    'CTE',
    'EMPTY',
    'EXPRESSION_LIST',
    'JOIN',
    'PIVOT',
    'SHOW_REF',
    'SUBQUERY',
    'TABLE_FUNCTION',
  ],
  ...['DISTINCT_MODIFIER', 'LIMIT_MODIFIER', 'LIMIT_PERCENT_MODIFIER', 'ORDER_MODIFIER'],
]);
/** The directions of a sort, which stand where other nodes have their kind. */
const DIRECTIONS = new Set(['ORDER_DEFAULT', 'ASCENDING', 'DESCENDING']);
const SHOWN_QUERIES = new Set(['DESCRIBE', 'SUMMARY']);
const LOOKS_LIKE_FILE = /[./:*?\\]/;

/** The rules for the names in some SQL, which depend on where it stands. */
export interface NameRules {
  /** The name of the SQL in errors: `sql` in backticks, or "SQL over files". */
  readonly subject: string;
  /** Tables that it may read, in lower case. */
  readonly relations: readonly string[];
  /** Parameters that may stand in it, as `$1` to `$n`. */
  readonly parameters: number;
  /** Accepts a table that is none of `relations` and of no WITH, or throws. `full`: with its schemas. */
  otherTable(name: string, full: string, place: ErrorDetails): void;
}

interface Visit {
  readonly node: unknown;
  /** Names of tables that may be read here, in lower case. */
  readonly tables: ReadonlySet<string>;
}

/** Throws QueryError when `select`, the tree of `sql`, names what it may not. */
export function refuseUnlisted(select: TreeNode, sql: string, rules: NameRules): void {
  const site = { sql, rules };
  // A stack of its own: a chain of UNIONs may be deeper than a recursion could go.
  const open: Visit[] = [{ node: select, tables: new Set(rules.relations) }];
  for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
    if (Array.isArray(visit.node)) for (const node of visit.node) open.push({ ...visit, node });
    else if (isNode(visit.node)) open.push(...inside(visit.node, visit.tables, site));
  }
}

/** The SQL and the rules that its parts are checked by. */
interface Site {
  readonly sql: string;
  readonly rules: NameRules;
}

/** The rules of the stage `sql`, which reads these relations and nothing else. */
export function stageRules(relations: readonly string[]): NameRules {
  return { subject: '`sql`', relations, parameters: 0, otherTable: refuseTable };
}

function isNode(value: unknown): value is TreeNode {
  return typeof value === 'object' && value !== null;
}

/** Checks one node and returns what stands in it. */
function inside(node: TreeNode, tables: ReadonlySet<string>, site: Site): Visit[] {
  checkKind(node, site);
  if (node.class === 'FUNCTION' || node.class === 'WINDOW') checkCall(node, CALLABLE, site);
  if (node.type === 'BASE_TABLE') checkTable(node, tables, site);
  if (node.type === 'SHOW_REF') checkShown(node, site);
  if (node.type === 'TABLE_FUNCTION') return insideTableFunction(node, tables, site);
  if (node.type === 'RECURSIVE_CTE_NODE') return fields(node, withTable(tables, node.cte_name));
  return insideQuery(node, tables);
}

function checkKind(
  { type, class: expression, query_location, identifier }: TreeNode,
  { sql, rules }: Site,
): void {
  const known =
    expression !== undefined
      ? EXPRESSIONS.has(String(expression))
      : typeof type !== 'string' || PARTS.has(type) || DIRECTIONS.has(type);
  if (known) return;
  const what = String(expression ?? type);
  const isBound = /^\d+$/.test(String(identifier)) && Number(identifier) <= rules.parameters;
  if (what === 'PARAMETER' && isBound) return;
  if (what === 'PARAMETER')
    throw new QueryError('sql-error', 'parameters have names here', {
      hint: 'write `:name` and give its value in `params`',
      ...positionAt(sql, query_location),
    });
  throw new QueryError('unsupported', `${rules.subject} does not take this kind of SQL (${what})`, {
    ...positionAt(sql, query_location),
  });
}

/** Checks a function that is called in the FROM, and returns the expressions in its brackets to visit. */
function insideTableFunction(node: TreeNode, tables: ReadonlySet<string>, site: Site): Visit[] {
  const { function: call, ...others } = node;
  if (!isNode(call) || call.class !== 'FUNCTION')
    throw new QueryError('unsupported', `${site.rules.subject} does not take this kind of call in a FROM`);
  checkCall(call, CALLABLE_IN_FROM, site);
  return [...fields(call, tables), ...fields(others, tables)];
}

/** Each query of a WITH reads those before it; all that follows reads them all. */
function insideQuery(node: TreeNode, tables: ReadonlySet<string>): Visit[] {
  const { cte_map, ...others } = node;
  const visits: Visit[] = [];
  let known = tables;
  for (const { key, value } of withQueries(cte_map)) {
    visits.push({ node: value, tables: known });
    known = withTable(known, key);
  }
  return [...visits, ...fields(others, known)];
}

function withQueries(map: unknown): readonly { readonly key: unknown; readonly value: unknown }[] {
  if (!isNode(map) || !Array.isArray(map.map)) return [];
  return map.map as { key: unknown; value: unknown }[]; // the engine writes its ordered maps in this form
}

function withTable(tables: ReadonlySet<string>, name: unknown): ReadonlySet<string> {
  return new Set(tables).add(String(name).toLowerCase());
}

function fields(node: TreeNode, tables: ReadonlySet<string>): Visit[] {
  return Object.values(node).flatMap((child) =>
    isNode(child) && !isNameOfType(child) ? [{ node: child, tables }] : [],
  );
}

/** The type of a cast or a value: only a name with sizes, in which no expression stands. */
function isNameOfType(node: TreeNode): boolean {
  return typeof node.id === 'string' && 'type_info' in node;
}

function checkCall(call: TreeNode, callable: ReadonlySet<string>, { sql, rules }: Site): void {
  const name = String(call.function_name).toLowerCase();
  if (callable.has(name)) return;
  throw refusedCall(name, callable, rules.subject, positionAt(sql, call.query_location));
}

function refusedCall(
  name: string,
  callable: ReadonlySet<string>,
  subject: string,
  place: ErrorDetails,
): QueryError {
  const reason = Object.keys(REFUSALS).find((key) => REFUSALS[key]!.includes(name));
  if (reason !== undefined)
    return new QueryError('read-only', `\`${name}\` may not be called in ${subject}: it ${reason}`, {
      hint: 'docs/security.md says which functions may be called',
      ...place,
    });
  const inFrom = callable === CALLABLE_IN_FROM;
  if (inFrom && CALLABLE.has(name))
    return new QueryError('sql-error', `\`${name}\` cannot stand in a FROM`, {
      hint: `call it in an expression: \`select ${name}(...)\``,
      ...place,
    });
  if (!inFrom && CALLABLE_IN_FROM.has(name))
    return new QueryError('sql-error', `\`${name}\` can only stand in a FROM`, {
      hint: `write \`from ${name}(...)\``,
      ...place,
    });
  const guess = didYouMean(suggest(name, callable));
  return new QueryError('sql-error', `there is no function \`${name}\` that ${subject} may call`, {
    hint: guess ?? 'docs/security.md says which functions may be called',
    ...place,
  });
}

function checkTable(table: TreeNode, tables: ReadonlySet<string>, { sql, rules }: Site): void {
  const name = String(table.table_name);
  const schemas = [table.catalog_name, table.schema_name].filter((part) => part !== '' && part !== undefined);
  if (schemas.length === 0 && tables.has(name.toLowerCase())) return;
  rules.otherTable(name, [...schemas, name].join('.'), positionAt(sql, table.query_location));
}

function refuseTable(name: string, full: string, place: ErrorDetails): never {
  const hint = 'read `input`: `sql` has the rows of the stages before it, and nothing else';
  if (name === full && !LOOKS_LIKE_FILE.test(name))
    throw new QueryError('sql-error', `there is no table \`${full}\``, { hint, ...place });
  throw new QueryError('read-only', `\`sql\` reads \`input\`, and no file or other table: \`${full}\``, {
    hint,
    ...place,
  });
}

/** DESCRIBE and SUMMARIZE of a query compute from it; the other kinds of SHOW tell of the engine. */
function checkShown({ show_type, query }: TreeNode, { sql, rules }: Site): void {
  if (SHOWN_QUERIES.has(String(show_type)) && isNode(query)) return;
  throw new QueryError('read-only', `${rules.subject} shows nothing of the engine`, {
    hint: '`from (describe input)` and `from (summarize input)` tell of the rows',
    ...positionAt(sql, 0),
  });
}
