/**
 * Finds the rules of the policy that decide about a query, in the order in which the server asks them. The query is parsed here, and nobody is
 * asked: what the database itself refuses is not known.
 */

import type { Config } from '../../core/config/config.ts';
import { DIALECT_OF_KIND, hasRoles } from '../../core/protocol/connection.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Policy, Rights } from '../../core/protocol/rights.ts';
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
  const tree = treeOf({ text, connection: usual, dialects: dialectsOf(config, usual) });
  const found = usesOf(tree, usual);
  return [
    decided(
      'ask queries',
      rolesWith(asker, (role) => role.ask),
    ),
    ...[...found.connections].flatMap((name) => connectionRules(asker, name)),
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
  readonly stages: Set<string>;
}

function usesOf(tree: QueryTree, usual: string): Uses {
  const uses: Uses = { connections: new Set(), stages: new Set() };
  for (const query of [...tree.lets.map((each) => each.query), tree.query]) note(query, usual, uses);
  return uses;
}

function note({ source, stages }: QueryNode, usual: string, uses: Uses): void {
  if (source.kind === 'sql') uses.connections.add(source.connection ?? usual);
  else if (source.kind === 'query') note(source.query, usual, uses);
  for (const { name, sources } of stages) {
    uses.stages.add(name);
    for (const query of sources) note(query, usual, uses);
  }
}

/** The query's own mistake, in one line; null for an error of ours. */
export function mistakeOf(thrown: unknown): string | null {
  return thrown instanceof QueryError ? `${thrown.code}: ${thrown.message}` : null;
}
