/**
 * Cleans up after an earlier run whose monitor was killed: ends its processes (`setpriv` ends most of them already), removes
 * its run directory with spilled rows, and keeps log lines that no logger merged. Only processes whose pid *and* start time
 * match are killed, and only a directory with our name and owner is removed.
 */
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, isSameProcess, pidExists, readBootId, readSample } from '../../core/process/proc.ts';
import { describeRunDir, type RunDir, runDirPrefix } from '../../core/process/run-dir.ts';
import { alreadyRunning, type ProcessRef, type RunState, readRunState } from './state-file.ts';
import { findStrays, killStrays } from './strays.ts';

const GONE_WITHIN_MS = 3000;
const POLL_MS = 20;
/** Stands among the workers' directories for the lines that sandboxed workers of an earlier run spilled. */
const RESCUED = 'rescued';

export interface Swept {
  readonly monitorPid: number;
  readonly killed: readonly string[];
  /** Processes that were not killed, because they cannot be told from others that got the same pid. */
  readonly unknown: readonly string[];
}

/**
 * Clears the way for a new run. Unmerged log files of the old run move into the new run's directory.
 * @returns null when there was nothing to sweep. @throws AlreadyRunningError
 */
export async function sweepLeftovers(stateFile: string, runDir: RunDir): Promise<Swept | null> {
  const old = await readRunState(stateFile);
  if (old === null) {
    await rm(stateFile, { force: true }); // the file is missing or cannot be understood
    return null;
  }
  if (isRunning(old)) throw alreadyRunning(old.pid, stateFile);
  const leftover = old.children.filter((child) => isOurs(child, old) === true);
  const killed = leftover.filter(({ pid }) => readSample(pid)?.state !== 'Z');
  // The group of a dead process may still have living members.
  for (const { pid } of leftover) killGroup(pid);
  const unknown = old.children.filter((child) => isOurs(child, old) === null && pidExists(child.pid));
  // The search by the run's id also finds processes that are in no known group.
  const strays = old.bootId === readBootId() ? killStrays(findStrays(old.runDir, new Set(), new Set())) : [];
  await waitUntilGone([...killed, ...strays]);
  await removeRunDir(old.runDir, runDir);
  await rm(stateFile, { force: true });
  const name = ({ workerId, pid }: { readonly workerId: string; readonly pid: number }) =>
    `${workerId} (pid ${pid})`;
  return {
    monitorPid: old.pid,
    killed: [...killed.map(name), ...strays.map((stray) => `${name(stray)}, a stray`)],
    unknown: unknown.map(name),
  };
}

function isOurs({ pid, startTicks }: ProcessRef, { bootId }: RunState): boolean | null {
  if (bootId !== readBootId()) return false;
  return isSameProcess(pid, startTicks);
}

function isRunning(old: RunState): boolean {
  return old.bootId === readBootId() && old.pid !== process.pid && isAlive(old);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // the group has ended meanwhile
  }
}

async function waitUntilGone(processes: readonly ProcessRef[]): Promise<void> {
  const giveUpAt = performance.now() + GONE_WITHIN_MS;
  const there = ({ pid, startTicks }: ProcessRef) =>
    isSameProcess(pid, startTicks) === true && readSample(pid)?.state !== 'Z';
  while (processes.some(there) && performance.now() < giveUpAt) await delay(POLL_MS);
}

async function removeRunDir(path: string, next: RunDir): Promise<void> {
  if (!basename(path).startsWith(runDirPrefix())) return;
  const info = await lstat(path).catch(() => null); // the directory is gone, for example after a reboot
  if (info === null || !info.isDirectory() || info.uid !== (process.getuid?.() ?? info.uid)) return;
  const old = describeRunDir(path);
  await rescueLogs(old.rawDir, next.rawDir);
  const workers = await readdir(old.workersDir).catch(() => []); // the old run ended before it had any
  for (const workerId of workers) {
    const spilled = join(old.workerDir(workerId), 'raw');
    if (!(await isDirectory(spilled))) continue;
    await rescueLogs(spilled, join(next.workerDir(RESCUED), 'raw'));
  }
  await rm(path, { recursive: true, force: true });
}

/** Tells whether it is a directory, and no link to one: a sandboxed worker could have put anything there. */
async function isDirectory(path: string): Promise<boolean> {
  const info = await lstat(path).catch(() => null); // most workers have none
  return info?.isDirectory() === true;
}

/** Moves log lines that the old run's logger did not merge, so that this run's logger merges them. */
async function rescueLogs(from: string, to: string): Promise<void> {
  const names = await readdir(from).catch(() => []); // the old run ended before it had any
  await mkdir(to, { recursive: true });
  for (const name of names) await rename(join(from, name), join(to, rescuedName(name)));
}

/** Returns a file name that marks the old run's worker id, since ids start again with each run and no file may be overwritten. */
function rescuedName(name: string): string {
  return name.startsWith('spill-') ? name : `old-${name}`;
}
