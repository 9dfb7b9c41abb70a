/** Finds the rights that a connection's user has beside reading, by its own SHOW GRANTS. */
import type { Finding, Notice } from '../../kit/connector.ts';

export interface UserRights {
  /** Rights over the whole server with which a query could do harm that no transaction undoes. */
  readonly powerful: readonly string[];
  /** Rights to write somewhere. */
  readonly writing: readonly string[];
}

/** SUPER and its parts, the server's files, its users, other people's sessions. */
const POWERFUL = [
  ...[
    'ALL PRIVILEGES',
    'SUPER',
    'FILE',
    'CREATE USER',
    'SHUTDOWN',
    'RELOAD',
    'PROCESS',
    'CONNECTION ADMIN',
    'SET USER',
  ],
  ...[
    'READ_ONLY ADMIN',
    'FEDERATED ADMIN',
    'BINLOG ADMIN',
    'REPLICATION SLAVE ADMIN',
    'REPLICATION MASTER ADMIN',
  ],
];
const WRITING = [
  ...['INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'ALTER', 'TRIGGER', 'EVENT', 'ALL PRIVILEGES'],
  ...[
    'CREATE ROUTINE',
    'ALTER ROUTINE',
    'DELETE HISTORY',
    'INDEX',
    'CREATE VIEW',
    'REFERENCES',
    'LOCK TABLES',
  ],
];

const GRANT = /^GRANT (.+) ON (.+) TO /i;

export function readGrants(lines: readonly string[]): UserRights {
  const powerful = new Set<string>();
  const writing = new Set<string>();
  for (const line of lines) {
    const found = GRANT.exec(line);
    if (found === null) continue; // a role, whose rights have lines of their own
    const rights = rightsOf(found[1]!);
    if (found[2] === '*.*') for (const right of rights) if (POWERFUL.includes(right)) powerful.add(right);
    for (const right of rights) if (WRITING.includes(right)) writing.add(right);
  }
  return { powerful: [...powerful], writing: [...writing] };
}

/** Rights on columns have the columns in brackets. */
function rightsOf(list: string): readonly string[] {
  return list
    .replace(/\([^)]*\)/g, '')
    .split(',')
    .map((right) => right.trim().toUpperCase());
}

export class PowerfulUserError extends Error {
  constructor({ powerful }: UserRights) {
    super(`its user has ${powerful.join(', ')} on the whole server`);
  }
}

export function rightsNotices({ powerful, writing }: UserRights): readonly Notice[] {
  if (powerful.length > 0) return [{ level: 'warn', event: 'powerful-role', fields: { rights: powerful } }];
  return writing.length > 0 ? [{ level: 'warn', event: 'role-may-write', fields: { rights: writing } }] : [];
}

const MEND = 'Give it a user with SELECT only (docs/connections/mariadb.md).';

export function rightsFindings({ powerful, writing }: UserRights, isMeant: boolean): readonly Finding[] {
  const found: Finding[] = [];
  if (powerful.length > 0)
    found.push({
      level: isMeant ? 'note' : 'problem',
      text: `its user has ${powerful.join(', ')} on the whole server${isMeant ? ', which allowPowerfulRole allows' : `: queries are refused. ${MEND}`}`,
    });
  if (writing.length > 0)
    found.push({
      level: 'note',
      text: `its user may write (${writing.join(', ')}); READ ONLY transactions keep queries from it. ${MEND}`,
    });
  if (found.length === 0) found.push({ level: 'ok', text: 'its user may read, and nothing else' });
  return found;
}
