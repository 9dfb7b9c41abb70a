/**
 * Removes what an earlier run left behind when its monitor was killed: processes (those without `setpriv`, or stuck before
 * it), its run directory with spilled rows, and log lines that no logger merged. Only processes whose pid *and*
 * start time match are killed, and only a directory of our own name and owner is removed.
 */
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, isSameProcess, pidExists, readBootId, readSample } from '../../core/process/proc.ts';
import { describeRunDir, runDirPrefix } from '../../core/process/run-dir.ts';
import { alreadyRunning, type ProcessRef, type RunState, readRunState } from './state-file.ts';
import { findStrays, killStrays } from './strays.ts';

const GONE_WITHIN_MS = 3000;
const POLL_MS = 20;

export interface Swept {
  readonly monitorPid: number;
  readonly killed: readonly string[];
  /** Processes that were not killed, because nothing here can tell them from others. */
  readonly unknown: readonly string[];
}

/**
 * Clears the way for a new run. Unmerged log files of the old run move into `rawDir`.
 * @returns null when there was nothing to sweep. @throws AlreadyRunningError
 */
export async function sweepLeftovers(stateFile: string, rawDir: string): Promise<Swept | null> {
  const old = await readRunState(stateFile);
  if (old === null) {
    await rm(stateFile, { force: true }); // unreadable, if it is there at all
    return null;
  }
  if (isRunning(old)) throw alreadyRunning(old.pid, stateFile);
  const leftover = old.children.filter((child) => isOurs(child, old) === true);
  const killed = leftover.filter(({ pid }) => readSample(pid)?.state !== 'Z');
  // Of one that is dead and was never reaped, the group may still live.
  for (const { pid } of leftover) killGroup(pid);
  const unknown = old.children.filter((child) => isOurs(child, old) === null && pidExists(child.pid));
  // By the run's id: also those whose group nobody knew.
  const strays = old.bootId === readBootId() ? killStrays(findStrays(old.runDir, new Set(), new Set())) : [];
  await waitUntilGone([...killed, ...strays]);
  await removeRunDir(old.runDir, rawDir);
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
    // it ended since we looked
  }
}

async function waitUntilGone(processes: readonly ProcessRef[]): Promise<void> {
  const giveUpAt = performance.now() + GONE_WITHIN_MS;
  const there = ({ pid, startTicks }: ProcessRef) =>
    isSameProcess(pid, startTicks) === true && readSample(pid)?.state !== 'Z';
  while (processes.some(there) && performance.now() < giveUpAt) await delay(POLL_MS);
}

async function removeRunDir(path: string, rawDir: string): Promise<void> {
  if (!basename(path).startsWith(runDirPrefix())) return;
  const info = await lstat(path).catch(() => null); // gone with a reboot, say
  if (info === null || !info.isDirectory() || info.uid !== (process.getuid?.() ?? info.uid)) return;
  await rescueLogs(describeRunDir(path).rawDir, rawDir);
  await rm(path, { recursive: true, force: true });
}

/** Adopts lines that the old run's logger did not live to merge, for this run's to do so. */
async function rescueLogs(from: string, to: string): Promise<void> {
  const names = await readdir(from).catch(() => []); // never got so far
  await mkdir(to, { recursive: true });
  for (const name of names) await rename(join(from, name), join(to, rescuedName(name)));
}

/** Marks the worker ids of the old run, so that no file is overwritten: ids start again with each run. */
function rescuedName(name: string): string {
  return name.startsWith('spill-') ? name : `old-${name}`;
}
