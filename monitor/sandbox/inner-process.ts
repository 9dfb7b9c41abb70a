/**
 * Finds the worker inside of a sandbox. The monitor starts bwrap, which starts the first process of a new pid namespace, which
 * starts the worker: the second process there. Everything that the monitor measures, and signals, is the worker's.
 */
import { constants } from 'node:os';
import { EXIT_TERM } from '../../core/process/exit-codes.ts';
import { readChildPids, readNamespacePids, readSample } from '../../core/process/proc.ts';

/** The worker's pid in its own namespace; 1 is bwrap's, which reaps what the worker leaves behind. */
const WORKER_INSIDE = 2;
const SIGNAL_BASE = 128;

/** Returns the worker's pid as this process sees it; null as long as there is none. */
export function findInnerPid(outerPid: number): number | null {
  for (const init of readChildPids(outerPid))
    for (const pid of readChildPids(init)) if (readNamespacePids(pid)?.at(-1) === WORKER_INSIDE) return pid;
  return null;
}

/** A process, by what tells it from another one with the same pid. */
export interface ProcessId {
  readonly pid: number;
  /** null before it is known, and without /proc. */
  readonly startTicks: number | null;
}

export function processId(pid: number): ProcessId {
  return { pid, startTicks: readSample(pid)?.startTicks ?? null };
}

/** Returns how a process ended. Of one inside of a sandbox that a signal ended, bwrap says 128 and the signal's number. */
export function endOf(
  code: number | null,
  signal: NodeJS.Signals | null,
  isSandboxed: boolean,
): [number | null, NodeJS.Signals | null] {
  if (!isSandboxed || code === null || code <= SIGNAL_BASE || code === EXIT_TERM) return [code, signal];
  const name = Object.entries(constants.signals).find(([, number]) => number === code - SIGNAL_BASE)?.[0];
  return name === undefined ? [code, signal] : [null, name as NodeJS.Signals];
}
