/**
 * `forkline doctor`: whether each configured connection can be opened, what its role may do that no query needs, and what keeps
 * statements on it from writing. Asks the
 * databases itself, so that it works before the server was ever started.
 */
import type { Finding } from '../connectors/kit/connector.ts';
import { connectionOf } from '../connectors/registry.ts';
import type { Config } from '../core/config/config.ts';
import { type Login, loginsOf } from '../core/protocol/connection.ts';
import { judgeOf } from '../language/dialects/registry.ts';
import type { Output } from './kit/output.ts';
import { type ConfigQuestion, readConfig } from './kit/read-config.ts';

const CONNECT_TIMEOUT_MS = 5000;

/** Findings about one connection. */
type NamedFinding = Finding & { readonly connection: string };

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

async function examine({ connections }: Config): Promise<readonly NamedFinding[]> {
  const all = Object.entries(connections);
  if (all.length === 0)
    return [
      {
        connection: 'main',
        level: 'ok',
        text: 'no database is configured: `forkline start` brings its own, which it reads with a role that may do nothing else',
      },
    ];
  const logins = all.flatMap(([name, connection]) => loginsOf(connection).map((login) => ({ name, login })));
  const found = await Promise.all(logins.map(({ name, login }) => examineOne(name, login)));
  return found.flat();
}

/** The findings about one login; that of a role is named with it. */
async function examineOne(name: string, { role, config }: Login): Promise<readonly NamedFinding[]> {
  const told = role === null ? name : `${name} (${role})`;
  if (config.kind === 'files') {
    const { examineFiles } = await import('../connectors/files/examine.ts');
    return (await examineFiles(config)).map((finding) => ({ connection: name, ...finding }));
  }
  const options = { name, workerId: 'doctor', connectTimeoutMs: CONNECT_TIMEOUT_MS };
  const connection = await connectionOf(config, options);
  const guard = { level: 'ok' as const, text: `statements only read: ${judgeOf(config.kind).guard}` };
  try {
    const found = [...(await connection.examine()), guard];
    return found.map(({ level, text }) => ({ connection: told, level, text }));
  } catch (thrown) {
    return [{ connection: told, level: 'problem', text: connection.failureOf(thrown).error.message }];
  }
}

function lineOf({ connection, level, text }: NamedFinding): string {
  return `${level.padEnd(7)}  ${connection}: ${text}`;
}
