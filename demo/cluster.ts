/**
 * A PostgreSQL cluster of our own: made at the first start (whole or not at all: initdb works beside its place and
 * the result is renamed), started on 127.0.0.1 only, and kept running (kept-postmaster.ts). Whoever holds owner.json is the one process
 * that may use it; a server left over by a killed owner is stopped first.
 */
import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isSameProcess, readSample } from '../core/process/proc.ts';
import type { Binaries } from './binaries.ts';
import { openBinaries } from './binaries.ts';
import type { DatabaseHome } from './home.ts';
import { openHome } from './home.ts';
import { KeptPostmaster } from './kept-postmaster.ts';
import type { Postmaster } from './postmaster.ts';
import { clusterDir, databaseEnvironment, endLeftover, logFileOf, startPostmaster } from './postmaster.ts';
import type { Secrets } from './secrets.ts';
import { createSecrets, freePort, readSecrets, writeSecrets } from './secrets.ts';

const ADMIN = 'postgres';
const START_ATTEMPTS = 3;
const RETRY_MS = 500;

export interface ClusterOptions {
  readonly dataDir: string;
  readonly maxConnections: number;
  /** Over the defaults below. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** A line for people, while it is being brought up. */
  onProgress(line: string): void;
  /** A line for people, when something happens to the running server. */
  onTrouble(line: string): void;
}

export interface Cluster {
  readonly home: DatabaseHome;
  readonly secrets: Secrets;
  readonly port: number;
  /** Pid of the postmaster that runs or ran last; changes with each restart. */
  readonly pid: number;
  readonly logFile: string;
  /** Superuser, for set-up only. */
  readonly adminUrl: string;
  stop(): Promise<void>;
}

const SETTINGS = {
  shared_buffers: '128MB',
  // Nobody replicates from it, and filling a new table then skips the write-ahead log.
  wal_level: 'minimal',
  max_wal_senders: 0,
  jit: 'off', // compiling costs more than it gains on data of this size
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  log_min_error_statement: 'panic', // the text of a user's failed query may hold secrets
  log_min_messages: 'log', // errors of queries quote values of any length and stay out; messages of the server itself are LOG and above
} as const;

/** Throws when another Forkline has it, or with what the server said when it does not start. */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const home = openHome(resolve(options.dataDir));
  if (home.notice !== null) options.onProgress(home.notice);
  takeOwnership(home);
  try {
    return await openOwned(home, options);
  } catch (error) {
    dropOwnership(home);
    throw error;
  }
}

async function openOwned(home: DatabaseHome, options: ClusterOptions): Promise<Cluster> {
  const binaries = openBinaries(home);
  if (await endLeftover(home)) options.onProgress('stopped a PostgreSQL that an earlier run had left behind');
  let secrets = readSecrets(home.dir);
  if (secrets === null || !existsSync(join(clusterDir(home), 'PG_VERSION'))) {
    options.onProgress('creating a PostgreSQL database');
    secrets = createSecrets();
    await createCluster(home, binaries, secrets);
  }
  return await superviseCluster(home, binaries, secrets, options);
}

/** Throws when a living process has it. Of two starts at once one creates the file and the other sees it. */
function takeOwnership(home: DatabaseHome): void {
  const file = join(home.dir, 'owner.json');
  const startTicks = readSample(process.pid)?.startTicks ?? null;
  const text = `${JSON.stringify({ pid: process.pid, startTicks })}\n`;
  for (;;) {
    try {
      writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = readOwner(file);
    if (holder !== null && isSameProcess(holder.pid, holder.startTicks) === true) {
      throw new Error(
        `Forkline is running already, as pid ${holder.pid}, on the database in ${home.dir}. ` +
          'Stop it, or choose another directory with FORKLINE_DATA_DIR.',
      );
    }
    rmSync(file, { force: true }); // left by a killed run
  }
}

function dropOwnership(home: DatabaseHome): void {
  rmSync(join(home.dir, 'owner.json'), { force: true });
}

function readOwner(file: string): { pid: number; startTicks: number | null } | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null; // none, or torn by a crash: then its writer is dead
  }
}

async function createCluster(home: DatabaseHome, { initdb }: Binaries, secrets: Secrets): Promise<void> {
  const { owner } = home;
  const target = clusterDir(home);
  const staging = `${target}.new`;
  const passwordFile = join(home.dir, 'password.new');
  for (const path of [target, staging]) rmSync(path, { recursive: true, force: true });
  writeSecrets(home.dir, secrets);
  mkdirSync(staging, { mode: 0o700 });
  writeFileSync(passwordFile, `${secrets.adminPassword}\n`, { mode: 0o600 });
  if (owner !== null) for (const path of [staging, passwordFile]) chownSync(path, owner.uid, owner.gid);
  try {
    const args = ['-D', staging, '-U', ADMIN, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '--no-sync'];
    // Text is ordered by code point, and upper() still knows more than ASCII.
    const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    await promisify(execFile)(initdb, [...args, ...locale, '--no-instructions'], {
      ...(owner && { uid: owner.uid, gid: owner.gid }),
      cwd: '/',
      env: databaseEnvironment,
    });
    renameSync(staging, target);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

async function superviseCluster(
  home: DatabaseHome,
  binaries: Binaries,
  saved: Secrets,
  options: ClusterOptions,
): Promise<Cluster> {
  const settings = { ...SETTINGS, max_connections: options.maxConnections, ...options.settings };
  const { postmaster, port } = await startOnFreePort(home, binaries, saved.port, settings);
  const secrets = { ...saved, port };
  if (port !== saved.port) writeSecrets(home.dir, secrets);
  const kept = new KeptPostmaster({ home, binaries, port, settings }, postmaster, options.onTrouble);
  return {
    home,
    secrets,
    port,
    get pid() {
      return kept.pid;
    },
    logFile: logFileOf(home),
    adminUrl: `postgresql://${ADMIN}:${secrets.adminPassword}@127.0.0.1:${port}/postgres`,
    async stop() {
      await kept.stop();
      dropOwnership(home);
    },
  };
}

/** Between finding a port free and binding it somebody else may take it: then another one is tried. */
async function startOnFreePort(
  home: DatabaseHome,
  binaries: Binaries,
  wantedPort: number | null,
  settings: Readonly<Record<string, string | number>>,
): Promise<{ postmaster: Postmaster; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(attempt === 1 ? wantedPort : null);
    try {
      return { postmaster: await startPostmaster({ home, binaries, port, settings }), port };
    } catch (error) {
      const portTaken = /could not (bind|create any TCP)/.test((error as Error).message);
      // Servers of a killed postmaster need a moment to notice it before their shared memory is free.
      const leftover = /shared memory block .* is still in use/.test((error as Error).message);
      if (attempt === START_ATTEMPTS || !(portTaken || leftover)) throw error;
      if (leftover) await delay(RETRY_MS);
    }
  }
}
