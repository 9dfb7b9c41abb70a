/** The embedded database's passwords and port, kept beside it with mode 0600. Passwords are random, made once. */
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';

export interface Secrets {
  /** Names this cluster: another one in its place has another. */
  readonly clusterId: string;
  readonly adminPassword: string;
  readonly readerPassword: string;
  /** The password of the role that owns the catalogue's store. */
  readonly storePassword: string;
  /** Tried first at the next start, so that other tools find the database where it was. */
  readonly port: number | null;
}

export function readSecrets(homeDir: string): Secrets | null {
  try {
    const kept = JSON.parse(readFileSync(join(homeDir, 'secrets.json'), 'utf8')) as Secrets;
    return addMissing(homeDir, kept);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Error(`${join(homeDir, 'secrets.json')} cannot be read; remove ${homeDir} to start afresh`, {
      cause: error,
    });
  }
}

export function createSecrets(): Secrets {
  return {
    clusterId: randomBytes(8).toString('hex'),
    adminPassword: newPassword(),
    readerPassword: newPassword(),
    storePassword: newPassword(),
    port: null,
  };
}

/** Adds the password of the store, which secrets of an earlier version lack. */
function addMissing(homeDir: string, kept: Omit<Secrets, 'storePassword'> & Partial<Secrets>): Secrets {
  if (kept.storePassword !== undefined) return { ...kept, storePassword: kept.storePassword };
  const secrets = { ...kept, storePassword: newPassword() };
  writeSecrets(homeDir, secrets);
  return secrets;
}

function newPassword(): string {
  return randomBytes(24).toString('base64url'); // needs no escaping in a URL
}

export function writeSecrets(homeDir: string, secrets: Secrets): void {
  writeWhole(join(homeDir, 'secrets.json'), `${JSON.stringify(secrets)}\n`);
}

/** By rename: a crash leaves the old file or the new one. Mode 0600. */
export function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** The wanted port when it is free on 127.0.0.1, else any free one. */
export async function freePort(wanted: number | null): Promise<number> {
  if (wanted !== null && (await tryPort(wanted)) !== null) return wanted;
  const port = await tryPort(0);
  if (port === null) throw new Error('no free port on 127.0.0.1');
  return port;
}

function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null)); // taken, which is what was asked
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const { port: bound } = server.address() as AddressInfo;
      server.close(() => resolve(bound));
    });
  });
}
