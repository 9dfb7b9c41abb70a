/**
 * Removes run directories that no start will ever clean up: their monitor was killed, and its data directory is gone or
 * belongs to another run now. (sweep.ts cleans up after the previous run of this data directory.) Every run directory has a
 * file that names its owner. A directory is removed only when all of this is certain:
 *
 * - it has our name and our user, is no link, and says who its monitor was, on this host and in this pid namespace
 *   (containers may share a /tmp, and cannot see each other's processes);
 * - that monitor is gone: another boot, no such pid, or another start time;
 * - the state file of its data directory does not name it: otherwise the next start there takes over its log lines;
 * - no process of that run lives.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { lstat, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { isAlive, readBootId, readSample } from '../../core/process/proc.ts';
import { runDirPrefix } from '../../core/process/run-dir.ts';
import { readRunState } from './state-file.ts';
import { findStrays } from './strays.ts';

const OWNER_FILE = 'owner.json';

interface Owner {
  readonly pid: number;
  readonly startTicks: number | null;
  readonly bootId: string | null;
  readonly host: string;
  readonly pidNamespace: string | null;
  readonly stateFile: string;
}

/** Writes whose run directory this is, before anything else is in it. */
export async function claimRunDir(path: string, stateFile: string): Promise<void> {
  const startTicks = readSample(process.pid)?.startTicks ?? null;
  const owner: Owner = { pid: process.pid, startTicks, ...here(), stateFile };
  await writeFile(join(path, OWNER_FILE), JSON.stringify(owner), { mode: 0o600 });
}

/** Removes directories of dead runs beside this run's own. @returns their paths. */
export async function sweepDeadRuns(ownPath: string): Promise<string[]> {
  const parent = dirname(ownPath);
  const names = (await readdir(parent)).filter((name) => name.startsWith(runDirPrefix()));
  const removed: string[] = [];
  for (const path of names.map((name) => join(parent, name))) {
    if (path === ownPath || !(await isAbandoned(path))) continue;
    await rm(path, { recursive: true, force: true });
    removed.push(path);
  }
  return removed;
}

async function isAbandoned(path: string): Promise<boolean> {
  const info = await lstat(path).catch(() => null); // its own run or another start has removed it
  if (info === null || !info.isDirectory() || info.uid !== process.getuid?.()) return false;
  const owner = readOwner(path);
  if (owner === null || !isGone(owner)) return false;
  if (await isNamedBy(owner.stateFile, path)) return false;
  return findStrays(path, new Set(), new Set()).length === 0;
}

async function isNamedBy(stateFile: string, path: string): Promise<boolean> {
  try {
    return (await readRunState(stateFile))?.runDir === path;
  } catch {
    return true; // the state file exists but cannot be read, and it may name this run
  }
}

function isGone({ pid, startTicks, bootId, host, pidNamespace }: Owner): boolean {
  const now = here();
  if (host !== now.host) return false;
  // Without a boot id (no /proc), a pid that is in use is assumed to be the monitor's.
  if (bootId !== now.bootId) return bootId !== null && now.bootId !== null;
  return pidNamespace === now.pidNamespace && !isAlive({ pid, startTicks });
}

function here(): Pick<Owner, 'bootId' | 'host' | 'pidNamespace'> {
  return { bootId: readBootId(), host: hostname(), pidNamespace: readPidNamespace() };
}

function readPidNamespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return null; // no /proc on this system
  }
}

/** Reads the owner of a run directory; null when the file is missing (an older version, or killed too early) or incomplete. */
function readOwner(path: string): Owner | null {
  try {
    const value = JSON.parse(readFileSync(join(path, OWNER_FILE), 'utf8')) as Partial<Owner>;
    const known = typeof value.pid === 'number' && typeof value.stateFile === 'string';
    return known && typeof value.host === 'string' ? (value as Owner) : null;
  } catch {
    return null; // the file is missing or incomplete
  }
}
