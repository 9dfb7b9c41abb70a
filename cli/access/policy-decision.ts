/**
 * Finds the rules of the policy that decide about a query, in the order in which the server asks them. The query is parsed here, and nobody is
 * asked: what the database itself refuses is not known.
 */

import type { Config } from '../../core/config/config.ts';
import { DIALECT_OF_KIND, hasRoles } from '../../core/protocol/connection.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { modelKey } from '../../core/protocol/models.ts';
import type { Policy, Rights } from '../../core/protocol/rights.ts';
import type { RowRules } from '../../core/protocol/shown-rows.ts';
import type { QueryNode, QueryTree } from '../../language/frontends/query-tree.ts';

export interface Decision {
  readonly rule: string;
  readonly allowed: boolean;
  /** The roles that allow it, or what is missing. */
  readonly why: string;
}

export interface Asker {
  readonly policy: Policy;
  readonly config: Config;
  readonly held: readonly string[];
  readonly rights: Rights;
}

/** Returns a line for each rule that has a say. Throws QueryError for a query that is wrong, whoever asks. */
export async function decisionsAbout(
  asker: Asker,
  text: string,
  named: string | null,
): Promise<readonly Decision[]> {
  const { treeOf } = await import('../../language/parse.ts');
  const { config, rights } = asker;
  const usual =
    named ?? (rights.connections?.length === 1 ? rights.connections[0]! : config.defaultConnection);
  const mayBeModel = () => config.store !== null || Object.keys(rights.shown?.models ?? {}).length > 0;
  const tree = treeOf({ text, connection: usual, dialects: dialectsOf(config, usual), mayBeModel });
  const found = usesOf(tree, usual);
  return [
    decided(
      'ask queries',
      rolesWith(asker, (role) => role.ask),
    ),
    ...[...found.connections].flatMap((name) => connectionRules(asker, name)),
    ...rowRules(rights, found),
    ...[...found.stages].map((stage) =>
      decided(
        `stages: ${stage}`,
        rolesWith(asker, ({ stages }) => stages === null || stages.includes(stage)),
      ),
    ),
    ...Object.entries(rights.limits).map(([name, value]) => ({
      rule: `limits.${name}`,
      allowed: true,
      why: `at most ${value}`,
    })),
  ];
}

function connectionRules(asker: Asker, name: string): readonly Decision[] {
  const { config, held } = asker;
  const sees = decided(
    `connections: ${name}`,
    rolesWith(asker, ({ connections }) => connections === null || connections.includes(name)),
  );
  const connection = Object.hasOwn(config.connections, name) ? config.connections[name]! : null;
  if (connection === null)
    return Object.keys(config.connections).length === 0 && name === 'main'
      ? [sees]
      : [{ rule: `connections: ${name}`, allowed: false, why: 'there is no such connection' }];
  if (!sees.allowed || !hasRoles(connection)) return [sees];
  const logins = held.filter((role) => Object.hasOwn(connection.roles, role));
  const why =
    logins.length === 1
      ? `as ${logins[0]} (connections.${name}.roles.${logins[0]})`
      : logins.length === 0
        ? `none of its roles has one in connections.${name}.roles`
        : `${logins.join(' and ')} have one each, and one must be certain`;
  return [sees, { rule: `login for ${name}`, allowed: logins.length === 1, why }];
}

/** Returns how models and tables of files are shown, and whether SQL may be written at all. */
function rowRules({ shown }: Rights, { connections, models, sqls }: Uses): readonly Decision[] {
  if (shown === null) return [];
  const { sql } = shown;
  const written = [...connections].map((name) => {
    const allowed = sql === null || sql.includes(name);
    return {
      rule: `sql: ${name}`,
      allowed,
      why: allowed ? 'it may be written' : 'only models of the policy may be read',
    };
  });
  const tables = sqls.flatMap((each) =>
    Object.entries(shown.tables[each.connection] ?? {})
      .filter(([name]) => each.sql.includes(name))
      .map(([name, rules]) => shownAs(`tables.${each.connection}.${name}`, rules)),
  );
  const listed = [...models].map((name) =>
    Object.hasOwn(shown.models, name)
      ? shownAs(`models.${name}`, shown.models[name]!)
      : { rule: `models.${name}`, allowed: true, why: 'not listed: it is like its text written out' },
  );
  return [...written, ...tables, ...listed];
}

function shownAs(rule: string, rules: readonly RowRules[]): Decision {
  return {
    rule,
    allowed: true,
    why: rules.length === 0 ? 'all of it is shown' : rules.map(ruleText).join('; or '),
  };
}

/** Says in a line what a role shows. */
export function ruleText({ role, rows, masks, hidden }: RowRules): string {
  const parts = [
    rows === null ? 'all rows' : `rows where ${rows}`,
    ...Object.entries(masks).map(([column, mask]) => `${column} as ${mask}`),
    ...(hidden.length === 0 ? [] : [`without ${hidden.join(', ')}`]),
  ];
  return `${parts.join(', ')} (by ${role})`;
}

function decided(rule: string, roles: readonly string[]): Decision {
  const allowed = roles.length > 0;
  return { rule, allowed, why: allowed ? `by ${roles.join(', ')}` : 'no role allows it' };
}

function rolesWith({ policy, held }: Asker, allows: (role: Rights) => boolean): readonly string[] {
  return held.filter((name) => allows(policy.roles[name]!));
}

/** Without configured connections there is the embedded one. A connection that does not exist is told later. */
function dialectsOf({ connections }: Config, usual: string) {
  const known = Object.entries(connections).map(([name, { kind }]) => [name, DIALECT_OF_KIND[kind]] as const);
  return { [usual]: 'postgres' as const, ...Object.fromEntries(known) };
}

interface Uses {
  readonly connections: Set<string>;
  /** The models that the text names, by `modelKey`. */
  readonly models: Set<string>;
  /** The SQL, in lower case, with its connection. */
  readonly sqls: { readonly connection: string; readonly sql: string }[];
  readonly stages: Set<string>;
}

function usesOf(tree: QueryTree, usual: string): Uses {
  const uses: Uses = { connections: new Set(), models: new Set(), sqls: [], stages: new Set() };
  for (const query of [...tree.lets.map((each) => each.query), tree.query])
    note(query, { usual, text: tree.text }, uses);
  return uses;
}

interface Written {
  readonly usual: string;
  readonly text: string;
}

function note({ source, stages }: QueryNode, written: Written, uses: Uses): void {
  if (source.kind === 'sql') {
    const connection = source.connection ?? written.usual;
    uses.connections.add(connection);
    uses.sqls.push({ connection, sql: written.text.slice(source.span.start, source.span.end).toLowerCase() });
  } else if (source.kind === 'model') uses.models.add(modelKey(source.name));
  else if (source.kind === 'query') note(source.query, written, uses);
  for (const { name, sources } of stages) {
    uses.stages.add(name);
    for (const query of sources) note(query, written, uses);
  }
}

/** The query's own mistake, in one line; null for an error of ours. */
export function mistakeOf(thrown: unknown): string | null {
  return thrown instanceof QueryError ? `${thrown.code}: ${thrown.message}` : null;
}
