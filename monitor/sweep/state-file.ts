/**
 * The state file, `<dataDir>/run/monitor.json`. It names the monitor that runs on this data directory, its run directory and
 * its children, so that a later start can find what a killed run left behind, and a second start beside a living monitor is
 * refused. It is always replaced as a whole, by rename; writes do not overlap, and the latest state wins.
 */
import { link, mkdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Log } from '../../core/logging/log.ts';
import { readBootId, readSample } from '../../core/process/proc.ts';
import type { RunDir } from '../../core/process/run-dir.ts';

export interface ProcessRef {
  readonly pid: number;
  /** The start time of the process; null where there is no /proc. */
  readonly startTicks: number | null;
}

export interface RunState extends ProcessRef {
  /** The id of the machine's boot: start times can be compared only within one boot. */
  readonly bootId: string | null;
  readonly runDir: string;
  /** The path at which the `forkline` command reaches the monitor. */
  readonly controlSocket?: string;
  readonly children: readonly (ProcessRef & { readonly workerId: string })[];
}

/** The error that a monitor already runs on this data directory; its message is printed on the terminal. */
export class AlreadyRunningError extends Error {}

export function stateFilePath(dataDir: string): string {
  return join(dataDir, 'run', 'monitor.json');
}

/** Reads the state file. Returns null when there is none, or when it is incomplete (the machine lost power while writing). */
export async function readRunState(path: string): Promise<RunState | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    return isRunState(value) ? value : null;
  } catch {
    return null; // an incomplete file
  }
}

export function currentRunState({ path, controlSocket }: RunDir, children: RunState['children']): RunState {
  const startTicks = readSample(process.pid)?.startTicks ?? null;
  return { pid: process.pid, startTicks, bootId: readBootId(), runDir: path, controlSocket, children };
}

/** Claims the data directory for this monitor. @throws AlreadyRunningError when another one came first. */
export async function claimStateFile(path: string, state: RunState): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, JSON.stringify(state));
  try {
    await link(temporary, path); // fails when the file exists, so that only one of two simultaneous starts succeeds
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const other = await readRunState(path);
    throw alreadyRunning(other?.pid ?? null, path);
  } finally {
    await unlink(temporary);
  }
}

export function alreadyRunning(pid: number | null, path: string): AlreadyRunningError {
  const who = pid === null ? 'another process' : `pid ${pid}`;
  return new AlreadyRunningError(
    `forkline is already running as ${who} for this data directory; stop it first (if that is wrong, remove ${path})`,
  );
}

/** Keeps the claimed file up to date. */
export class StateFile {
  readonly #path: string;
  readonly #log: Log;
  readonly #state: () => RunState;
  #dirty = false;
  #writing: Promise<void> | null = null;
  #closed = false;

  constructor(path: string, log: Log, state: () => RunState) {
    this.#path = path;
    this.#log = log;
    this.#state = state;
  }

  changed(): void {
    if (this.#closed) return;
    this.#dirty = true;
    this.#writing ??= this.#writeWhileDirty();
  }

  /** Removes the file after an orderly end, which leaves nothing to clean up. */
  async remove(): Promise<void> {
    this.#closed = true;
    this.#dirty = false;
    await this.#writing;
    await rm(this.#path, { force: true });
  }

  async #writeWhileDirty(): Promise<void> {
    while (this.#dirty) {
      this.#dirty = false;
      try {
        await writeFile(`${this.#path}.new`, JSON.stringify(this.#state()));
        await rename(`${this.#path}.new`, this.#path);
      } catch (error) {
        // A full disk must not stop the server; the log line tells the consequence.
        this.#log.warn('state-file', {
          message: String(error),
          lost: 'a later start cannot sweep all leftovers',
        });
      }
    }
    this.#writing = null;
  }
}

function isRunState(value: unknown): value is RunState {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, runDir, children } = value as Partial<Record<keyof RunState, unknown>>;
  return typeof pid === 'number' && typeof runDir === 'string' && Array.isArray(children);
}
