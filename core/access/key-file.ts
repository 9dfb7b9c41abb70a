/**
 * The file of API keys (`access.keysFile`): `forkline keys` writes it, the server reads it again when it changes. It is
 * replaced by a rename, so that no reader finds half of it. The new file's name is the lock between two writers.
 */
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { isJsonObject } from '../config/json-object.ts';

/** An entry of the file. Times are ISO 8601 in UTC. */
export interface StoredKey {
  readonly id: string;
  /** Whom the key stands for: the principal is `key:<name>`. Several keys may have one name, so that one can replace another. */
  readonly name: string;
  /** SHA-256 of the key, in hexadecimal digits. */
  readonly hash: string;
  readonly createdAt: string;
  /** null: it does not expire. */
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  /** The roles of the policy (`access.policyFile`) that it has. */
  readonly roles: readonly string[];
  /** `metrics`: it opens GET /metrics and nothing else. */
  readonly only: 'metrics' | null;
}

export const KEY_NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;

/** The file's problem, as a sentence that names the file and the entry. */
export class KeyFileError extends Error {}

/** The entries; null when there is no such file. Throws KeyFileError. */
export function readKeyFile(path: string): readonly StoredKey[] | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new KeyFileError(`${path}: it cannot be read (${code})`);
  }
  return parseKeyFile(path, text);
}

function parseKeyFile(path: string, text: string): readonly StoredKey[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new KeyFileError(`${path}: it is not JSON; "forkline keys create" writes it`);
  }
  if (!isJsonObject(value) || !Array.isArray(value.keys))
    throw new KeyFileError(`${path}: it must hold {"keys": [...]}; "forkline keys create" writes it`);
  const keys = value.keys.map((entry: unknown, index) => {
    const problem = problemOf(entry);
    if (problem !== null) throw new KeyFileError(`${path}: keys.${index}.${problem}`);
    return entry as StoredKey;
  });
  const twice = keys.find(({ id }, index) => keys.findIndex((other) => other.id === id) !== index);
  if (twice !== undefined) throw new KeyFileError(`${path}: the id ${twice.id} is there twice`);
  return keys;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isTime = (value: unknown): boolean =>
  isText(value) && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) && !Number.isNaN(Date.parse(value));

const FIELDS: Readonly<Record<keyof StoredKey, readonly [(value: unknown) => boolean, string]>> = {
  id: [(value) => isText(value) && /^[0-9a-f]{12}$/.test(value), '12 hexadecimal digits'],
  name: [(value) => isText(value) && KEY_NAME.test(value), 'letters, digits, and . _ @ - (64 at most)'],
  hash: [(value) => isText(value) && /^[0-9a-f]{64}$/.test(value), '64 hexadecimal digits'],
  createdAt: [isTime, 'a time in UTC, such as 2026-01-31T12:00:00Z'],
  expiresAt: [(value) => value === null || isTime(value), 'a time in UTC, or null'],
  revokedAt: [(value) => value === null || isTime(value), 'a time in UTC, or null'],
  roles: [(value) => Array.isArray(value) && value.every(isText), 'a list of names'],
  only: [(value) => value === null || value === 'metrics', '"metrics" or null'],
};

/** Returns the first field that is wrong, with what it must be; never a value, which may be somebody's secret. */
function problemOf(entry: unknown): string | null {
  if (!isJsonObject(entry)) return 'id: each entry must be an object';
  const unknown = Object.keys(entry).find((name) => !Object.hasOwn(FIELDS, name));
  if (unknown !== undefined) return `${unknown}: there is no such field`;
  for (const [name, [isRight, expected]] of Object.entries(FIELDS))
    if (!isRight(entry[name])) return `${name}: must be ${expected}`;
  return null;
}

/** Replaces the entries by what `change` makes of them. Throws KeyFileError, and what `change` throws. */
export function changeKeyFile(
  path: string,
  change: (keys: readonly StoredKey[]) => readonly StoredKey[],
): void {
  const next = `${path}.new`;
  const descriptor = openNew(next);
  try {
    const keys = change(readKeyFile(path) ?? []);
    writeSync(descriptor, `${JSON.stringify({ keys }, null, 2)}\n`);
    renameSync(next, path);
  } catch (thrown) {
    rmSync(next, { force: true });
    throw thrown;
  } finally {
    closeSync(descriptor);
  }
}

function openNew(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    throw new KeyFileError(
      code === 'EEXIST'
        ? `${path}: another "forkline keys" is writing. If none is, remove this file`
        : `${path}: it cannot be written (${code})`,
    );
  }
}
