/**
 * A process of its own that reads the connections of the catalogue with the secrets that the configuration declares, or
 * tries one connection, sends the result over IPC and ends. So the monitor loads neither zod nor drivers, and a driver that
 * hangs or dies ends nothing else.
 */
import { environment } from '../../core/config/config.ts';
import { readConfigFile } from '../../core/config/read.ts';
import { resolveSecrets } from '../../core/config/secrets.ts';
import { readStored, type StoredPlace } from '../../core/config/stored-connections.ts';
import {
  type ConfiguredConnection,
  type ConnectionConfig,
  type Login,
  loginsOf,
} from '../../core/protocol/connection.ts';
import type {
  ExaminedConnection,
  ResolvedStored,
  StoredConnection,
} from '../../core/protocol/stored-connections.ts';
import type { ConnectionsQuestion } from './child.ts';
import type { Examined } from './examine.ts';

process.once('message', (question: ConnectionsQuestion) => {
  void answerTo(question).then(
    (answer) => process.send?.(answer, undefined, {}, () => process.exit(0)),
    (thrown) => process.send?.({ failure: String(thrown) }, undefined, {}, () => process.exit(1)),
  );
});

async function answerTo(question: ConnectionsQuestion): Promise<ResolvedStored | ExaminedConnection> {
  if (question.type === 'read') return resolveAll(question.stored, placeOf(question));
  const { name, what, open } = question;
  if ('config' in what) return await examine(name, what.config, true);
  const read = readStored(name, what.definition, placeOf(question));
  if ('mistakes' in read) return { mistakes: read.mistakes, kind: null, reached: null, findings: [] };
  return await examine(name, read.connection, open);
}

function placeOf({
  config: { cwd, file, env = environment() },
  directories,
}: ConnectionsQuestion): StoredPlace {
  const found = readConfigFile(cwd, env, file);
  if ('error' in found) throw new Error(found.error);
  return { secrets: resolveSecrets(found, cwd, env).secrets, directories };
}

function resolveAll(stored: readonly StoredConnection[], place: StoredPlace): ResolvedStored {
  const connections: Record<string, ConfiguredConnection> = {};
  const problems: Record<string, string> = {};
  for (const { name, definition } of stored) {
    const read = readStored(name, definition, place);
    if ('mistakes' in read) problems[name] = read.mistakes.join('; ');
    else connections[name] = read.connection;
  }
  return { connections, problems };
}

async function examine(
  name: string,
  config: ConfiguredConnection,
  open: boolean,
): Promise<ExaminedConnection> {
  const { kind } = config;
  if (!open) return { mistakes: [], kind, reached: null, findings: [] };
  const all = await Promise.all(loginsOf(config).map((login) => examineLogin(name, login)));
  const reached = all.every((each) => each.reached);
  return { mistakes: [], kind, reached, findings: all.flatMap(({ findings }) => findings) };
}

/** Opens a login, but never at an address that only this machine should ask: whoever tries a connection learns what its host answers. */
async function examineLogin(name: string, { role, config }: Login): Promise<Examined> {
  // Loaded only here: the drivers cost more than all of the reading.
  const { examineConnection } = await import('./examine.ts');
  const { reached, findings } = await examineConnection(name, guarded(config));
  if (role === null) return { reached, findings };
  return { reached, findings: findings.map(({ level, text }) => ({ level, text: `${role}: ${text}` })) };
}

function guarded(config: ConnectionConfig): ConnectionConfig {
  if (config.kind === 'files')
    return config.store === undefined
      ? config
      : { ...config, store: { ...config.store, guardsAddress: true } };
  return config.kind === 'postgres' || config.kind === 'mariadb'
    ? { ...config, guardsAddress: true }
    : config;
}
