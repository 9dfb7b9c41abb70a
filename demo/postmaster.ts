/**
 * One run of the postgres program: spawn, wait until it accepts connections, stop it. It is the leader of a process
 * group of its own (a terminal's Ctrl-C must not end it before its clients), and where setpriv works it gets INT,
 * its fast shutdown, when we die. Its output goes to a file: a pipe to us would break when we are killed.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, readlinkSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readSample } from '../core/process/proc.ts';
import type { Binaries } from './binaries.ts';
import type { DatabaseHome } from './home.ts';

const READY_POLL_MS = 15;
const READY_TIMEOUT_MS = 60_000; // recovery after a crash may take long
const FAST_STOP_MS = 10_000;
const IMMEDIATE_STOP_MS = 5000;
const LOG_KEEP_BYTES = 16 * 1024 * 1024;

export interface PostmasterOptions {
  readonly home: DatabaseHome;
  readonly binaries: Binaries;
  readonly port: number;
  /** For `-c`. */
  readonly settings: Readonly<Record<string, string | number>>;
}

export interface Postmaster {
  readonly pid: number;
  /** Never rejects; resolves with how it ended: `exit code 1`, `signal KILL`. */
  readonly ended: Promise<string>;
  /** INT, then QUIT, then KILL of the whole group, each bounded. */
  stop(): Promise<void>;
}

export function clusterDir(home: DatabaseHome): string {
  return join(home.dir, 'cluster');
}

export function logFileOf(home: DatabaseHome): string {
  return join(home.dir, 'postgres.log');
}

/** Resolves when it accepts connections. Rejects with the last lines that it printed. */
export async function startPostmaster(options: PostmasterOptions): Promise<Postmaster> {
  const logStart = trimLog(options.home);
  const child = spawnPostgres(options);
  const ended = endOf(child);
  if (child.pid === undefined) throw new Error(`postgres does not start: ${await ended}`);
  const postmaster: Postmaster = { pid: child.pid, ended, stop: () => stopPostgres(child.pid!, ended) };
  let how: string | null = null;
  void ended.then((text) => {
    how = text;
  });
  const giveUpAt = Date.now() + READY_TIMEOUT_MS;
  while (!isReady(options.home, child.pid)) {
    if (how !== null) throw new Error(`postgres ended with ${how}:\n${readLog(options.home, logStart)}`);
    if (Date.now() > giveUpAt) {
      await postmaster.stop();
      throw new Error(
        `postgres is not ready after ${READY_TIMEOUT_MS} ms:\n${readLog(options.home, logStart)}`,
      );
    }
    await delay(READY_POLL_MS);
  }
  return postmaster;
}

function spawnPostgres({ home, binaries, port, settings }: PostmasterOptions): ChildProcess {
  const values = { ...settings, port, listen_addresses: '127.0.0.1', unix_socket_directories: '' };
  const args = [
    '-D',
    clusterDir(home),
    ...Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const command = hasSetpriv()
    ? ['setpriv', '--pdeathsig', 'INT', '--', binaries.postgres]
    : [binaries.postgres];
  const log = openSync(logFileOf(home), 'a', 0o600);
  try {
    return spawn(command[0]!, [...command.slice(1), ...args], {
      ...(home.owner && { uid: home.owner.uid, gid: home.owner.gid }),
      cwd: '/',
      env: databaseEnvironment,
      detached: true,
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
}

/** Nothing of ours: no secrets, no locale, no PG* variables. */
export const databaseEnvironment = {
  PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
  LC_ALL: 'C',
  TZ: 'UTC',
} as const;

let setprivWorks: boolean | undefined;

function hasSetpriv(): boolean {
  const env = databaseEnvironment;
  setprivWorks ??=
    spawnSync('setpriv', ['--pdeathsig', 'INT', '--', 'true'], { env, stdio: 'ignore' }).status === 0;
  return setprivWorks;
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
}

/** Finds out as pg_ctl does: the first line of postmaster.pid is the pid, the eighth the status. */
function isReady(home: DatabaseHome, pid: number): boolean {
  const lines = readPidFile(home);
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

function readPidFile(home: DatabaseHome): string[] {
  try {
    return readFileSync(join(clusterDir(home), 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return []; // none yet, or being written
  }
}

async function stopPostgres(pid: number, ended: Promise<string>): Promise<void> {
  signal(pid, 'SIGINT');
  if (await endsWithin(ended, FAST_STOP_MS)) return;
  signal(pid, 'SIGQUIT');
  if (await endsWithin(ended, IMMEDIATE_STOP_MS)) return;
  signal(-pid, 'SIGKILL');
  await ended;
}

async function endsWithin(ended: Promise<string>, timeoutMs: number): Promise<boolean> {
  const timeout = new AbortController();
  const late = delay(timeoutMs, false, { signal: timeout.signal }).catch(() => false);
  const result = await Promise.race([ended.then(() => true), late]);
  timeout.abort();
  return result;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // ended meanwhile
  }
}

/**
 * Ends a server that an earlier, killed run left on this data directory, and removes a pid file whose pid is by
 * now somebody else's (PostgreSQL itself would refuse to start over it). The caller knows that no other Forkline
 * runs here.
 */
export async function endLeftover(home: DatabaseHome): Promise<boolean> {
  const pid = Number(readPidFile(home)[0]);
  if (!(pid > 0)) return false;
  if (!isServerOf(home, pid)) {
    rmSync(join(clusterDir(home), 'postmaster.pid'), { force: true });
    return false;
  }
  await stopPostgres(pid, goneByPolling(pid));
  return true;
}

/** A postmaster works in its data directory. Without /proc a living pid is taken for the server. */
function isServerOf(home: DatabaseHome, pid: number): boolean {
  const sample = readSample(pid);
  if (sample !== null) {
    try {
      return sample.state !== 'Z' && readlinkSync(`/proc/${pid}/cwd`) === clusterDir(home);
    } catch {
      return false; // gone, or another user's, so not ours
    }
  }
  if (readSample(process.pid) !== null) return false; // there is a /proc, and that process is not in it
  return isAlive(pid);
}

/** For a process that is not our child. */
async function goneByPolling(pid: number): Promise<string> {
  while (isAlive(pid) && readSample(pid)?.state !== 'Z') await delay(READY_POLL_MS);
  return 'gone';
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Starts the file afresh when it grew too large; returns where this run's lines begin. */
function trimLog(home: DatabaseHome): number {
  const size = statSync(logFileOf(home), { throwIfNoEntry: false })?.size ?? 0;
  if (size <= LOG_KEEP_BYTES) return size;
  truncateSync(logFileOf(home));
  return 0;
}

function readLog(home: DatabaseHome, start: number): string {
  return readFileSync(logFileOf(home))
    .subarray(start)
    .toString('utf8')
    .trim()
    .split('\n')
    .slice(-10)
    .join('\n');
}
