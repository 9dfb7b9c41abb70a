/**
 * The members of a role that say what it is shown: `sql`, `tables`, `models`. A rule that could be gone round is a mistake: one of a
 * model whose tables the role may ask itself, and one of a table of a database, which knows nothing of it.
 */
import type { RowRules, ShownRows, TableRules } from '../protocol/shown-rows.ts';
import { isJsonObject } from './json-object.ts';
import { type Member, type PolicyConnections, problemsOf, unknownNames } from './members.ts';

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);

export const ROWS_MEMBERS: Readonly<Record<string, Member>> = {
  sql: {
    isRight: (value) => value === '*' || isTexts(value),
    expected: 'a list of connections, or "*" for all of the role',
    example: ['crm'],
  },
  tables: {
    isRight: (value) => isJsonObject(value) && Object.values(value).every(isJsonObject),
    expected: 'an object with the tables of each connection to files',
    example: { lake: { sales: { rows: "region = 'EU'" } } },
  },
  models: {
    isRight: isJsonObject,
    expected: 'an object with rules for each model',
    example: { departures: { rows: "origin = 'ATL'" } },
  },
  views: {
    isRight: (value) => isJsonObject(value) && Object.values(value).every(isJsonObject),
    expected: "an object with tables of databases for each connection, whose rules are the database's SQL",
    example: { crm: { 'public.orders': { rows: "region = 'EU'" } } },
  },
};

/** A table as a policy names it: with its schema or without. */
const TABLE_NAME = /^[^\s."]+(\.[^\s."]+)?$/u;

const RULE_MEMBERS: Readonly<Record<string, Member>> = {
  rows: { isRight: isText, expected: 'a condition', example: "region = 'EU'" },
  masks: {
    isRight: (value) => isJsonObject(value) && Object.values(value).every(isText),
    expected: 'an object with an expression for each column',
    example: { email: "'***'" },
  },
  hidden: { isRight: isTexts, expected: 'a list of columns', example: ['ssn'] },
};

interface WrittenRule {
  readonly rows?: string;
  readonly masks?: Readonly<Record<string, string>>;
  readonly hidden?: readonly string[];
}

/** The members as they are written, once they were checked. */
export interface WrittenRows {
  readonly sql?: readonly string[] | '*';
  readonly tables?: Readonly<Record<string, Readonly<Record<string, WrittenRule>>>>;
  readonly models?: Readonly<Record<string, WrittenRule>>;
  readonly views?: Readonly<Record<string, Readonly<Record<string, WrittenRule>>>>;
}

type Role = Readonly<Record<string, unknown>>;

/** Returns what is wrong with the members, in lines. */
export function rowProblems(path: string, role: Role, connections: PolicyConnections | null): string[] {
  const { tables, models } = role;
  const problems: string[] = sqlProblems(path, role);
  for (const [connection, rules] of entriesOf(tables))
    problems.push(...tableProblems(`${path}.tables.${connection}`, connection, rules, role, connections));
  for (const [model, rule] of entriesOf(models))
    problems.push(...ruleProblems(`${path}.models.${model}`, rule));
  problems.push(...twice(`${path}.models`, models));
  for (const [connection, rules] of entriesOf(role.views))
    problems.push(...viewProblems(`${path}.views.${connection}`, rules));
  return problems;
}

function entriesOf(value: unknown): [string, unknown][] {
  return isJsonObject(value) ? Object.entries(value) : [];
}

function sqlProblems(path: string, { sql, connections, models }: Role): string[] {
  const problems: string[] = [];
  if (isTexts(sql) && isTexts(connections))
    problems.push(...unknownNames(`${path}.sql`, sql, connections, 'connection of the role'));
  const all =
    sql === undefined ||
    sql === '*' ||
    (isTexts(connections) && connections.every((each) => isTexts(sql) && sql.includes(each)));
  const [ruled] =
    entriesOf(models).find(([, rule]) => isJsonObject(rule) && Object.keys(rule).length > 0) ?? [];
  if (all && ruled !== undefined && connections !== undefined)
    problems.push(
      `${path}.models.${ruled}: the role may write SQL of its own for all its connections, and would read past this rule. ` +
        'Say for which it may: "sql": []',
    );
  return problems;
}

function tableProblems(
  path: string,
  connection: string,
  rules: unknown,
  { connections: seen }: Role,
  connections: PolicyConnections | null,
): string[] {
  const problems: string[] = [];
  if (seen !== '*' && !(isTexts(seen) && seen.includes(connection)))
    problems.push(`${path}: the role does not have this connection: add it to its "connections"`);
  if (connections !== null && Object.hasOwn(connections, connection)) {
    const tables = connections[connection];
    if (tables === null)
      return [
        ...problems,
        `${path}: only tables of files have rules here; this is a database, which has grants and row-level security of its own: ` +
          '`forkline policy apply` prints what to give a login for each role',
      ];
    const known = tables!.map((name) => name.toLowerCase());
    const named = entriesOf(rules).filter(([name]) => !known.includes(name.toLowerCase()));
    problems.push(
      ...named.flatMap(([name]) =>
        unknownNames(path, [name], tables!, `table of the connection ${connection}`),
      ),
    );
  } else if (connections !== null && seen === '*')
    problems.push(...unknownNames(path, [connection], Object.keys(connections), 'connection'));
  for (const [table, rule] of entriesOf(rules)) problems.push(...ruleProblems(`${path}.${table}`, rule));
  problems.push(...twice(path, rules));
  return problems;
}

/** Whether the connection has a login for the role is looked at with the connections (role-logins.ts). */
function viewProblems(path: string, rules: unknown): string[] {
  const views = new Map<string, string>();
  return entriesOf(rules).flatMap(([table, rule]) => {
    if (!TABLE_NAME.test(table))
      return [`${path}.${table}: a table is named "name" or "schema.name", without quotes`];
    const view = table.split('.').at(-1)!;
    const other = views.get(view);
    views.set(view, table);
    const same =
      other === undefined ? [] : [`${path}.${table}: its view would be called as that of ${other}`];
    return [...same, ...ruleProblems(`${path}.${table}`, rule)];
  });
}

function ruleProblems(path: string, rule: unknown): string[] {
  if (!isJsonObject(rule))
    return [`${path}: must be an object, for example {"rows": "region = 'EU'"}; {} shows all`];
  const problems = problemsOf(`${path}.`, rule, RULE_MEMBERS);
  const { masks, hidden } = rule;
  const both = entriesOf(masks).filter(
    ([name]) => isTexts(hidden) && hidden.some((each) => sameName(each, name)),
  );
  return [
    ...problems,
    ...both.map(([name]) => `${path}.masks.${name}: the column is hidden as well; say one of both`),
  ];
}

/** Names are found without regard to case. */
function twice(path: string, named: unknown): string[] {
  const names = entriesOf(named).map(([name]) => name);
  return names
    .filter((name, index) => names.slice(0, index).some((before) => sameName(before, name)))
    .map((name) => `${path}.${name}: stands there twice, in another case`);
}

function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Returns what the role shows; null: the members are not there. */
export function shownRows(role: string, { sql, tables, models }: WrittenRows): ShownRows | null {
  if (sql === undefined && tables === undefined && models === undefined) return null;
  return {
    sql: sql === undefined || sql === '*' ? null : [...sql].sort(),
    tables: Object.fromEntries(
      Object.entries(tables ?? {}).map(([connection, rules]) => [connection, rulesOf(role, rules)]),
    ),
    models: rulesOf(role, models ?? {}),
  };
}

/** Returns the views that a login of the role should have, by connection and table. */
export function viewsOf(
  role: string,
  { views = {} }: WrittenRows,
): Readonly<Record<string, Readonly<Record<string, RowRules>>>> {
  const ofTables = (rules: Readonly<Record<string, WrittenRule>>): Record<string, RowRules> =>
    Object.fromEntries(
      Object.entries(rules).map(([table, { rows = null, masks = {}, hidden = [] }]) => [
        table,
        { role, rows, masks, hidden },
      ]),
    );
  return Object.fromEntries(
    Object.entries(views).map(([connection, rules]) => [connection, ofTables(rules)]),
  );
}

function rulesOf(role: string, rules: Readonly<Record<string, WrittenRule>>): TableRules {
  return Object.fromEntries(
    Object.entries(rules).map(([name, { rows = null, masks = {}, hidden = [] }]): [string, RowRules[]] => {
      const showsAll = rows === null && Object.keys(masks).length === 0 && hidden.length === 0;
      return [name.toLowerCase(), showsAll ? [] : [{ role, rows, masks, hidden }]];
    }),
  );
}
