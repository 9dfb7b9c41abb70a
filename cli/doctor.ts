/**
 * `forkline doctor`: whether each configured connection can be opened, and what its role may do that no query needs. Asks the
 * databases itself, so that it works before the server was ever started.
 */
import { openSession } from '../connectors/postgres/connect.ts';
import { connectFailure } from '../connectors/postgres/errors.ts';
import { isTooPowerful, powersOf, type RoleRights } from '../connectors/postgres/guard/role-rights.ts';
import type { Config } from '../core/config/config.ts';
import type { ConnectionConfig } from '../core/protocol/sql-worker.ts';
import type { Output } from './output.ts';
import { type ConfigQuestion, readConfig } from './read-config.ts';

const CONNECT_TIMEOUT_MS = 5000;

export interface Finding {
  readonly connection: string;
  readonly level: 'ok' | 'note' | 'problem';
  readonly text: string;
}

/** Resolves with the exit code: 0, 1 (there are problems), 2 (the configuration is broken). */
export async function runDoctor(
  question: ConfigQuestion,
  json: boolean,
  { stdout, stderr }: Output,
): Promise<number> {
  const loaded = await readConfig(question);
  if ('errors' in loaded) {
    stderr.write(`forkline: ${loaded.errors.join('\n')}\n`);
    return 2;
  }
  const findings = await examine(loaded.config);
  stdout.write(json ? `${JSON.stringify(findings, null, 2)}\n` : `${findings.map(lineOf).join('\n')}\n`);
  return findings.some(({ level }) => level === 'problem') ? 1 : 0;
}

async function examine({ connections }: Config): Promise<readonly Finding[]> {
  const all = Object.entries(connections);
  if (all.length === 0)
    return [
      {
        connection: 'main',
        level: 'ok',
        text: 'no database is configured: `forkline start` brings its own, which it reads with a role that may do nothing else',
      },
    ];
  const found = await Promise.all(all.map(([name, connection]) => examineOne(name, connection)));
  return found.flat();
}

async function examineOne(connection: string, config: ConnectionConfig): Promise<readonly Finding[]> {
  try {
    const { session, role } = await openSession({
      url: config.url,
      workerId: 'doctor',
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
    });
    await session.end();
    return findingsOf(connection, role, config.allowPowerfulRole === true);
  } catch (thrown) {
    return [{ connection, level: 'problem', text: connectFailure(connection, thrown).message }];
  }
}

/** Returns the findings about a role, at least one. */
function findingsOf(connection: string, role: RoleRights, isMeant: boolean): readonly Finding[] {
  const findings: Finding[] = [];
  const add = (level: Finding['level'], text: string): void =>
    void findings.push({ connection, level, text });
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

function lineOf({ connection, level, text }: Finding): string {
  return `${level.padEnd(7)}  ${connection}: ${text}`;
}
