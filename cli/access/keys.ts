/** `forkline keys`: makes, lists and revokes API keys in the file that `access.keysFile` names. The server need not run. */
import { makeKey } from '../../core/access/api-key.ts';
import {
  changeKeyFile,
  KEY_NAME,
  KeyFileError,
  readKeyFile,
  type StoredKey,
} from '../../core/access/key-file.ts';
import type { Config } from '../../core/config/config.ts';
import { unknownNames } from '../../core/config/members.ts';
import { ROLE_NAME } from '../../core/config/policy.ts';
import { twoLogins } from '../../core/config/role-logins.ts';
import type { Output } from '../kit/output.ts';
import { type ConfigQuestion, readConfig } from '../kit/read-config.ts';
import { renderTable } from '../kit/table.ts';
import type { KeysCommand } from './access-arguments.ts';

/** Resolves with the exit code: 0, 1 (it could not be done), 2 (the configuration is broken). */
export async function runKeys(
  question: ConfigQuestion,
  command: KeysCommand,
  output: Output,
): Promise<number> {
  const loaded = await readConfig(question);
  if ('errors' in loaded) {
    output.stderr.write(`forkline: ${loaded.errors.join('\n')}\n`);
    return 2;
  }
  try {
    run(loaded.config, command, output);
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof KeyFileError)) throw thrown;
    output.stderr.write(`forkline: ${thrown.message}\n`);
    return 1;
  }
}

function run(config: Config, command: KeysCommand, output: Output): void {
  const { keysFile } = config.access;
  if (keysFile === null)
    throw new KeyFileError(
      'no file of keys is configured: set FORKLINE_KEYS_FILE, or "access": {"keysFile": "./forkline.keys.json"}',
    );
  switch (command.action) {
    case 'create':
      create(keysFile, config, command, output);
      return;
    case 'list':
      list(readKeyFile(keysFile) ?? [], command.json, output);
      return;
    case 'revoke':
      revoke(keysFile, command.id);
      output.stderr.write(`${command.id} is revoked; running servers know it within a second\n`);
      return;
    default:
      command satisfies never;
  }
}

/** The key alone goes to standard output: a script may keep it. */
function create(
  path: string,
  config: Config,
  { keyName: name, expiresAt, roles, only }: Extract<KeysCommand, { action: 'create' }>,
  { stdout, stderr }: Output,
): void {
  if (!KEY_NAME.test(name))
    throw new KeyFileError(
      `${JSON.stringify(name)} is no name for a key: it has letters, digits, and . _ @ - (64 at most)`,
    );
  const problems = roleProblems(roles, config);
  if (problems.length > 0) throw new KeyFileError(problems.join('\n'));
  const { id, key, hash } = makeKey();
  const entry: StoredKey = {
    ...{ id, name, hash, createdAt: new Date().toISOString(), expiresAt },
    ...{ revokedAt: null, roles, only },
  };
  changeKeyFile(path, (keys) => [...keys, entry]);
  stdout.write(`${key}\n`);
  stderr.write(`The key of ${name} is shown this once; its id is ${id}. Keep it where secrets are kept.\n`);
}

function roleProblems(roles: readonly string[], { access: { policy }, connections }: Config): string[] {
  if (policy !== null)
    return [
      ...unknownNames('--roles', roles, Object.keys(policy.roles), 'role'),
      ...twoLogins(roles, connections).map((problem) => `--roles: ${problem}`),
    ];
  return roles
    .filter((role) => !ROLE_NAME.test(role))
    .map((role) => `--roles: ${JSON.stringify(role)} is no name of a role`);
}

function revoke(path: string, id: string): void {
  const revokedAt = new Date().toISOString();
  changeKeyFile(path, (keys) => {
    const found = keys.find((key) => key.id === id);
    if (found === undefined) throw new KeyFileError(`there is no key ${id}; "forkline keys list" shows them`);
    return keys.map((key) => (key === found ? { ...key, revokedAt: key.revokedAt ?? revokedAt } : key));
  });
}

const COLUMNS = ['id', 'name', 'state', 'created', 'expires', 'roles'].map((name) => ({
  name,
  alignRight: false,
}));

function list(keys: readonly StoredKey[], json: boolean, { stdout }: Output): void {
  const shown = keys.map(({ hash: _, ...others }) => ({ ...others, state: stateOf(others) }));
  if (json) {
    stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
    return;
  }
  const rows = shown.map(({ id, name, state, createdAt, expiresAt, roles, only }) => [
    ...[id, name, state, createdAt, expiresAt ?? 'never'],
    only === null ? roles.join(', ') : `only ${only}`,
  ]);
  stdout.write(`${renderTable(COLUMNS, rows)}\n`);
}

function stateOf({ revokedAt, expiresAt }: Pick<StoredKey, 'revokedAt' | 'expiresAt'>): string {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'valid';
}
