/** `forkline policy`: whether the policy is without mistakes, and what it lets somebody do who has certain roles. */
import { KeyFileError, readKeyFile } from '../../core/access/key-file.ts';
import { createRoleBook, rolesHeld } from '../../core/access/roles.ts';
import type { Config } from '../../core/config/config.ts';
import { unknownNames } from '../../core/config/members.ts';
import { rolesWithoutLogin, twoLogins } from '../../core/config/role-logins.ts';
import type { Policy, Rights } from '../../core/protocol/rights.ts';
import type { TableRules } from '../../core/protocol/shown-rows.ts';
import type { Output } from '../kit/output.ts';
import { type ConfigQuestion, readConfig } from '../kit/read-config.ts';
import type { PolicyCommand } from './access-arguments.ts';
import { applySql } from './policy-apply.ts';
import { type Asker, type Decision, decisionsAbout, mistakeOf, ruleText } from './policy-decision.ts';

/** Resolves with the exit code: 0, 1 (there is no policy, or no such role), 2 (a mistake in policy or configuration). */
export async function runPolicy(
  question: ConfigQuestion,
  command: PolicyCommand,
  { stdout, stderr }: Output,
): Promise<number> {
  const loaded = await readConfig(question);
  if ('errors' in loaded) {
    stderr.write(`forkline: ${loaded.errors.join('\n')}\n`);
    return 2;
  }
  const { policy } = loaded.config.access;
  if (policy === null) {
    stderr.write(
      'forkline: no policy is configured (access.policyFile): whoever may ask may do everything\n',
    );
    return 1;
  }
  if (command.action === 'check') return check(loaded.config, policy, { stdout, stderr });
  if (command.action === 'apply') return apply(loaded.config, policy, command.connection, { stdout, stderr });
  const found = rolesOf(command.as, policy, loaded.config.access.keysFile);
  if ('problems' in found) {
    stderr.write(`forkline: ${found.problems.join('\n')}\n`);
    return 1;
  }
  const { roles } = found;
  const { rights } = createRoleBook(policy)(roles);
  if (command.query !== null) {
    const asker = { policy, config: loaded.config, held: rolesHeld(policy, roles), rights };
    return await decide(asker, command.query, command, { stdout, stderr });
  }
  stdout.write(command.json ? `${JSON.stringify(rights, null, 2)}\n` : explanation(policy, roles, rights));
  return 0;
}

function apply(
  config: Config,
  policy: Policy,
  connection: string | null,
  { stdout, stderr }: Output,
): number {
  const sql = applySql(policy, config, connection);
  if (sql === null) {
    const where = connection === null ? '' : ` for the connection ${connection}`;
    stderr.write(`forkline: no role of the policy has "views"${where}: there is nothing to apply\n`);
    return 1;
  }
  stdout.write(sql);
  return 0;
}

/** Resolves with 1 when some rule refuses, and when the query itself is wrong. */
async function decide(
  asker: Asker,
  query: string,
  { connection, json }: Extract<PolicyCommand, { action: 'explain' }>,
  { stdout, stderr }: Output,
): Promise<number> {
  let decisions: readonly Decision[];
  try {
    decisions = await decisionsAbout(asker, query, connection);
  } catch (thrown) {
    const mistake = mistakeOf(thrown);
    if (mistake === null) throw thrown;
    stderr.write(`forkline: the query is wrong, whoever asks it: ${mistake}\n`);
    return 1;
  }
  const refusing = decisions.find(({ allowed }) => !allowed);
  if (json) stdout.write(`${JSON.stringify({ allowed: refusing === undefined, decisions }, null, 2)}\n`);
  else {
    const lines = decisions.map(({ rule, allowed, why }) => `${allowed ? 'yes' : 'NO '} ${rule} (${why})`);
    const verdict =
      refusing === undefined ? 'allowed by the policy' : `refused by the rule: ${refusing.rule}`;
    stdout.write(`${lines.join('\n')}\n${verdict}\n`);
  }
  return refusing === undefined ? 0 : 1;
}

type FoundRoles = { readonly roles: readonly string[] } | { readonly problems: readonly string[] };

/** The roles of one who is named: the holder of a key, a name in a certificate; otherwise the names are roles themselves. */
function rolesOf(as: readonly string[], policy: Policy, keysFile: string | null): FoundRoles {
  const [name] = as;
  const isRole = as.every((each) => Object.hasOwn(policy.roles, each));
  if (as.length !== 1 || isRole || name === undefined) {
    const problems = unknownNames('--as', as, Object.keys(policy.roles), 'role');
    return problems.length > 0 ? { problems } : { roles: as };
  }
  const holder = name.replace(/^(?:key|cert):/, '');
  if (Object.hasOwn(policy.certificates, holder)) return { roles: policy.certificates[holder]! };
  try {
    const keys = keysFile === null ? [] : (readKeyFile(keysFile) ?? []);
    const own = keys.filter((key) => key.name === holder && key.revokedAt === null);
    if (own.length > 0) return { roles: [...new Set(own.flatMap(({ roles }) => roles))] };
  } catch (thrown) {
    if (!(thrown instanceof KeyFileError)) throw thrown;
    return { problems: [thrown.message] };
  }
  const known = Object.keys(policy.roles);
  return {
    problems: [`${unknownNames('--as', [name], known, 'role')[0]!}, nor a key or certificate of that name`],
  };
}

/** Looks at the holders of keys as well: those of several logins could ask nothing there. */
function check({ connections, access }: Config, policy: Policy, { stdout, stderr }: Output): number {
  const problems = keysWithTwoLogins(access.keysFile, connections);
  if (problems.length > 0) {
    stderr.write(`forkline: ${problems.join('\n')}\n`);
    return 2;
  }
  const notes = rolesWithoutLogin(policy, connections).map((note) => `note: ${note}\n`);
  stdout.write(
    `the policy is without mistakes; its roles: ${Object.keys(policy.roles).join(', ')}\n${notes.join('')}`,
  );
  return 0;
}

function keysWithTwoLogins(keysFile: string | null, connections: Config['connections']): string[] {
  if (keysFile === null) return [];
  try {
    return (readKeyFile(keysFile) ?? [])
      .filter(({ revokedAt }) => revokedAt === null)
      .flatMap(({ id, name, roles }) =>
        twoLogins(roles, connections).map((problem) => `${keysFile}: the key ${id} of ${name}: ${problem}`),
      );
  } catch (thrown) {
    if (thrown instanceof KeyFileError) return [thrown.message];
    throw thrown;
  }
}

/** A line for each thing that may be allowed, with the roles that allow it. */
function explanation(policy: Policy, roles: readonly string[], rights: Rights): string {
  const held = rolesHeld(policy, roles);
  const by = (allows: (role: Rights) => boolean): string => {
    const names = held.filter((name) => allows(policy.roles[name]!));
    return names.length === 0 ? 'no role allows it' : `by ${names.join(', ')}`;
  };
  const flag = (name: 'logs' | 'metrics' | 'processes' | 'administration'): string =>
    `${name}: ${rights[name] ? 'yes' : 'no'} (${by((role) => role[name])})`;
  const lines = [
    `roles: ${held.length === 0 ? 'none' : held.join(', ')}`,
    `connections: ${listed(rights.connections)} (${by((role) => role.ask)})`,
    `stages: ${listed(rights.stages)} (${by((role) => role.stages === null || role.stages.length > 0)})`,
    ...shownLines(rights),
    `queries: ${rights.queries} (${by((role) => role.queries === rights.queries)})`,
    ...(['logs', 'metrics', 'processes', 'administration'] as const).map(flag),
    ...Object.entries(rights.limits).map(([name, value]) => `limits.${name}: ${value}`),
  ];
  return `${lines.join('\n')}\n`;
}

function shownLines({ shown }: Rights): readonly string[] {
  if (shown === null) return [];
  const lines = (at: string, rules: TableRules): string[] =>
    Object.entries(rules).map(
      ([name, each]) =>
        `${at}.${name}: ${each.length === 0 ? 'all of it' : each.map(ruleText).join('; or ')}`,
    );
  return [
    `SQL of its own: ${shown.sql === null ? 'for all its connections' : listed(shown.sql)}`,
    ...Object.entries(shown.tables).flatMap(([connection, rules]) => lines(`tables.${connection}`, rules)),
    ...lines('models', shown.models),
  ];
}

function listed(names: readonly string[] | null): string {
  if (names === null) return 'all';
  return names.length === 0 ? 'none' : names.join(', ');
}
