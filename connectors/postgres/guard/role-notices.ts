/** Messages for operators about a connection's role: in the log when it is connected or refused, and from `forkline doctor`. */
import type { QueryError } from '../../../core/protocol/errors.ts';
import type { Finding, Notice } from '../../kit/connector.ts';
import { isTooPowerful, PowerfulRoleError, powersOf, type RoleRights } from './role-rights.ts';

/** Returns the notices about a role that is in use. If it is too powerful, the configuration has allowed that. */
export function roleNotices(rights: RoleRights): readonly Notice[] {
  const { name: role, functions, mayCreateTemporary } = rights;
  const notices: Notice[] = [];
  if (isTooPowerful(rights))
    notices.push({
      level: 'warn',
      event: 'database-role-too-powerful',
      fields: { role, powers: powersOf(rights), meant: true },
    });
  if (functions.length > 0 || mayCreateTemporary)
    notices.push({
      level: 'info',
      event: 'database-role-may-still',
      fields: {
        role,
        execute: functions,
        createTemporaryTables: mayCreateTemporary,
        advice: '`forkline grants` prints the SQL that takes these from everybody',
      },
    });
  return notices;
}

/** Returns the notice of a failed attempt. A refused role is logged each time, since only a change of the role or of the configuration helps. */
export function unreachableNotice(connection: string, thrown: unknown, error: QueryError): Notice {
  if (thrown instanceof PowerfulRoleError) return refusedNotice(connection, thrown.rights);
  const { code, message, details } = error;
  return {
    level: 'warn',
    event: 'database-unreachable',
    fields: { code, message, sqlstate: details.sqlstate },
  };
}

function refusedNotice(connection: string, rights: RoleRights): Notice {
  return {
    level: 'error',
    event: 'database-role-refused',
    fields: {
      role: rights.name,
      powers: powersOf(rights),
      advice: `give Forkline a role that may only read (docs/security.md), or say that this is meant: connections.${connection}.allowPowerfulRole`,
    },
  };
}

/** Returns the findings of `forkline doctor`, at least one. */
export function roleFindings(role: RoleRights, isMeant: boolean): readonly Finding[] {
  const findings: Finding[] = [];
  const add = (level: Finding['level'], text: string): void => void findings.push({ level, text });
  if (role.version !== undefined) add('ok', `it is PostgreSQL ${role.version}`);
  if (isTooPowerful(role)) {
    const powers = `the role ${role.name} is ${powersOf(role)}`;
    if (isMeant) add('note', `${powers}, which \`allowPowerfulRole\` says is meant`);
    else
      add(
        'problem',
        `${powers}: Forkline refuses this connection. Give it a role that may only read (docs/security.md)`,
      );
  } else add('ok', `the role ${role.name} has no rights beyond those it was granted`);
  if (role.mayCreateTemporary)
    add('note', 'it may create temporary tables: `forkline grants` prints the SQL that takes that away');
  if (role.functions.length > 0)
    add('note', `it may execute, and \`forkline grants\` takes from everybody: ${role.functions.join(', ')}`);
  return findings;
}
