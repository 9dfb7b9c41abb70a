/**
 * The policy (`access.policyFile`): roles, and what each may do. A role may do only what it says; a file with a mistake is
 * refused as a whole, with all its mistakes at once, in the words that mistakes of the configuration have.
 */
import { readFileSync } from 'node:fs';
import type { Policy, PrincipalLimits, Rights } from '../protocol/rights.ts';
import { isJsonObject } from './json-object.ts';
import { type Member, type PolicyConnections, problemsOf, unknownNames, wrong } from './members.ts';
import { ROWS_MEMBERS, rowProblems, shownRows, viewsOf, type WrittenRows } from './row-rules.ts';

export type ReadPolicy = { readonly policy: Policy } | { readonly errors: readonly string[] };

export const ROLE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const EVERY = '*';

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isNames = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const FLAG = {
  isRight: (value: unknown) => typeof value === 'boolean',
  expected: 'true or false',
  example: true,
};
const COUNT = {
  isRight: (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 1,
  expected: 'a whole number of 1 or more',
};

const POLICY_MEMBERS: Readonly<Record<string, Member>> = {
  roles: {
    isRight: isJsonObject,
    expected: 'an object with a role for each name',
    example: { analyst: { connections: ['crm'] } },
  },
  defaultRoles: { isRight: isNames, expected: 'a list of roles', example: ['analyst'] },
  socketRoles: { isRight: isNames, expected: 'a list of roles', example: ['operator'] },
  certificates: {
    isRight: (value) => isJsonObject(value) && Object.values(value).every(isNames),
    expected: 'an object with a list of roles for each name in a certificate',
    example: { 'DNS:etl.example.com': ['analyst'] },
  },
};

const ROLE_MEMBERS: Readonly<Record<string, Member>> = {
  connections: {
    isRight: (value) => value === EVERY || isNames(value),
    expected: 'a list of connections, or "*" for all',
    example: ['crm'],
  },
  stages: {
    isRight: (value) => value === EVERY || isNames(value),
    expected: 'a list of stages, or "*" for all',
    example: ['where', 'stats', 'sort'],
  },
  ...ROWS_MEMBERS,
  queries: {
    isRight: (value) => value === 'own' || value === 'all',
    expected: '"own" or "all"',
    example: 'own',
  },
  logs: FLAG,
  metrics: FLAG,
  processes: FLAG,
  administration: FLAG,
  limits: { isRight: isJsonObject, expected: 'an object with limits', example: { timeoutMs: 10_000 } },
};

const LIMIT_MEMBERS: Readonly<Record<keyof PrincipalLimits, Member>> = {
  timeoutMs: { ...COUNT, example: 10_000 },
  resultRows: { ...COUNT, example: 100_000 },
  resultBytes: { ...COUNT, example: 100_000_000 },
  concurrentQueries: { ...COUNT, example: 4 },
  queriesPerMinute: { ...COUNT, example: 60 },
};

/** `connections` null: any, as the catalogue may have them. Never throws for what a user wrote. */
export function readPolicy(path: string, connections: PolicyConnections | null): ReadPolicy {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    const reason =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === undefined
          ? `not JSON: ${message}`
          : `it cannot be read (${code})`;
    return { errors: [`${path}: ${reason}`] };
  }
  if (isJsonObject(value)) delete value.$schema; // editors put it there
  const errors = policyProblems(value, connections).map((problem) => `${path}: ${problem}`);
  return errors.length > 0 ? { errors } : { policy: policyOf(value as Written) };
}

function policyProblems(value: unknown, connections: PolicyConnections | null): string[] {
  if (!isJsonObject(value))
    return ['must hold one JSON object, for example {"roles": {"analyst": {"connections": ["crm"]}}}'];
  const problems = problemsOf('', value, POLICY_MEMBERS);
  const roles = isJsonObject(value.roles) ? value.roles : {};
  if (value.roles === undefined) problems.push(wrong('roles', undefined, POLICY_MEMBERS.roles!));
  for (const [name, role] of Object.entries(roles)) problems.push(...roleProblems(name, role, connections));
  for (const name of ['defaultRoles', 'socketRoles'] as const)
    if (isNames(value[name])) problems.push(...unknownNames(name, value[name], Object.keys(roles), 'role'));
  problems.push(...certificateProblems(value.certificates, Object.keys(roles)));
  return problems;
}

function certificateProblems(certificates: unknown, roles: readonly string[]): string[] {
  if (!isJsonObject(certificates)) return [];
  return Object.entries(certificates).flatMap(([name, held]) => {
    const path = `certificates.${name}`;
    if (!/^(?:DNS|URI|email):[\x21-\x7e]+$/.test(name))
      return [`${path}: a name in a certificate is DNS:..., URI:... or email:...`];
    return isNames(held) ? unknownNames(path, held, roles, 'role') : [];
  });
}

function roleProblems(name: string, role: unknown, connections: PolicyConnections | null): string[] {
  const path = `roles.${name}`;
  if (!ROLE_NAME.test(name)) return [`${path}: a role's name has letters, digits, and . _ - (64 at most)`];
  if (!isJsonObject(role))
    return [`${path}: must be an object. For example: "${name}": {"connections": ["crm"]}`];
  const problems = problemsOf(`${path}.`, role, ROLE_MEMBERS);
  if (isNames(role.connections) && connections !== null)
    problems.push(
      ...unknownNames(`${path}.connections`, role.connections, Object.keys(connections), 'connection'),
    );
  problems.push(...rowProblems(path, role, connections));
  if (isJsonObject(role.limits)) problems.push(...problemsOf(`${path}.limits.`, role.limits, LIMIT_MEMBERS));
  return problems;
}

/** A policy as it is written, once it was checked. */
interface Written {
  readonly roles: Readonly<Record<string, WrittenRole>>;
  readonly defaultRoles?: readonly string[];
  readonly certificates?: Policy['certificates'];
  readonly socketRoles?: readonly string[];
}

interface WrittenRole extends Partial<Omit<Rights, 'ask' | 'connections' | 'stages' | 'shown'>>, WrittenRows {
  readonly connections?: readonly string[] | typeof EVERY;
  readonly stages?: readonly string[] | typeof EVERY;
}

function policyOf({ roles, defaultRoles = [], certificates = {}, socketRoles }: Written): Policy {
  const entries = Object.entries(roles).map(([name, role]) => [name, rightsOf(name, role)] as const);
  const views = Object.entries(roles).flatMap(([name, role]) =>
    role.views === undefined ? [] : [[name, viewsOf(name, role)] as const],
  );
  return {
    roles: Object.fromEntries(entries),
    views: Object.fromEntries(views),
    defaultRoles,
    certificates,
    socketRoles: socketRoles ?? null,
  };
}

function rightsOf(name: string, role: WrittenRole): Rights {
  const { connections = [], stages = EVERY } = role;
  return {
    ask: connections === EVERY || connections.length > 0,
    connections: connections === EVERY ? null : [...connections].sort(),
    stages: stages === EVERY ? null : [...stages].sort(),
    shown: shownRows(name, role),
    queries: role.queries ?? 'own',
    logs: role.logs ?? false,
    metrics: role.metrics ?? false,
    processes: role.processes ?? false,
    administration: role.administration ?? false,
    limits: role.limits ?? {},
  };
}
