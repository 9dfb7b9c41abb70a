/** The logins by role of all connections and the policy taken together: whether each principal has one login at most. */
import { type ConfiguredConnection, hasRoles } from '../protocol/connection.ts';
import type { Policy } from '../protocol/rights.ts';
import { unknownNames } from './members.ts';

type Connections = Readonly<Record<string, ConfiguredConnection>>;

/** The roles that have a login, by connection; without connections that have one login for everybody. */
export function roleLoginsIn(connections: Connections): Readonly<Record<string, readonly string[]>> {
  const entries = Object.entries(connections).flatMap(([name, connection]) =>
    hasRoles(connection) ? [[name, Object.keys(connection.roles)] as const] : [],
  );
  return Object.fromEntries(entries);
}

/** The mistakes: a login of a role that the policy does not know, and two logins for whoever has the default roles. */
export function loginProblems(policyFile: string, policy: Policy, connections: Connections): string[] {
  const known = Object.keys(policy.roles);
  const unknown = Object.entries(roleLoginsIn(connections)).flatMap(([name, roles]) =>
    unknownNames(`connections.${name}.roles`, roles, known, 'role'),
  );
  const holders: readonly (readonly [string, readonly string[]])[] = [
    ['defaultRoles', policy.defaultRoles],
    ['socketRoles', policy.socketRoles ?? []],
    ...Object.entries(policy.certificates).map(([name, roles]) => [`certificates.${name}`, roles] as const),
  ];
  const twice = holders.flatMap(([where, roles]) =>
    twoLogins(roles, connections).map((problem) => `${policyFile}: ${where}: ${problem}`),
  );
  return [...unknown, ...twice, ...viewProblems(policyFile, policy, connections)];
}

/** Views are made for a login: without one of the role's own they would be for everybody. */
function viewProblems(policyFile: string, { views }: Policy, connections: Connections): string[] {
  const logins = roleLoginsIn(connections);
  return Object.entries(views).flatMap(([role, byConnection]) =>
    Object.keys(byConnection).flatMap((name) => {
      const path = `${policyFile}: roles.${role}.views.${name}`;
      if (logins[name]?.includes(role) !== true)
        return [`${path}: the role needs a login of its own there: connections.${name}.roles.${role}`];
      return connections[name]!.kind === 'postgres' ? [] : [`${path}: views are made for PostgreSQL only`];
    }),
  );
}

/** A sentence for each connection for which the roles together have several logins: which one counts would be a guess. */
export function twoLogins(roles: readonly string[], connections: Connections): string[] {
  return Object.entries(roleLoginsIn(connections)).flatMap(([name, withLogin]) => {
    const held = roles.filter((role) => withLogin.includes(role));
    if (held.length < 2) return [];
    return [
      `${held.join(' and ')} have a login each for the connection ${name}; whoever holds them must have one`,
    ];
  });
}

/** A sentence for each role that names a connection in which it has no login: alone it opens nothing there. */
export function rolesWithoutLogin(policy: Policy, connections: Connections): string[] {
  return Object.entries(roleLoginsIn(connections)).flatMap(([name, withLogin]) =>
    Object.entries(policy.roles)
      .filter(([role, rights]) => rights.connections?.includes(name) === true && !withLogin.includes(role))
      .map(
        ([role]) =>
          `roles.${role}: it names the connection ${name}, and has no login in connections.${name}.roles`,
      ),
  );
}
