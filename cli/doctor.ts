/**
 * `forkline doctor`: whether each configured connection can be opened, what its role may do that no query needs, and what keeps
 * statements on it from writing; and which layers are in force around worker processes on this machine. Asks the databases itself,
 * so that it works before the server was ever started.
 */
import type { Finding } from '../connectors/kit/connector.ts';
import type { Config } from '../core/config/config.ts';
import { type Login, loginsOf } from '../core/protocol/connection.ts';
import { examineConnection } from './connections/examine.ts';
import type { Output } from './kit/output.ts';
import { type ConfigQuestion, readConfig } from './kit/read-config.ts';
import { examineLayers, type LayerFinding } from './layers.ts';

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
  const [connections, layers] = await Promise.all([examine(loaded.config), examineLayers(loaded.config)]);
  const findings = [...connections, ...layers];
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
  const { findings } = await examineConnection(name, config);
  return findings.map(({ level, text }) => ({ connection: told, level, text }));
}

function lineOf(finding: NamedFinding | LayerFinding): string {
  const { level, text } = finding;
  return `${level.padEnd(7)}  ${'layer' in finding ? finding.layer : finding.connection}: ${text}`;
}
