/**
 * Samples the kernel's facts about every process, once a second: state and since when, CPU, memory, files. Sampling a process
 * costs some 0.2 ms, but measuring its proportional memory 2 to 5 ms. So each sample measures that of one process only, the
 * one that was measured longest ago. zombies.ts finds zombies.
 */
import { uptime } from 'node:os';
import {
  countOpenFiles,
  readOpenFilesLimit,
  readPssBytes,
  readRssBytes,
  readSample,
  readWchan,
  TICKS_PER_SECOND,
} from '../../core/process/proc.ts';

export interface Watched {
  readonly pid: number | null;
  /** The process's start time; null when it is not known, and the pid alone must identify it. */
  readonly startTicks: number | null;
}

export interface Measured {
  readonly ppid: number | null;
  readonly kernelState: string | null;
  /** The time since which every sample found the process in this state (in D: without using CPU), on the monotonic clock. */
  readonly stateSinceMs: number | null;
  /** Percent of one core since the last sample; null in the first. */
  readonly cpuPercent: number | null;
  /** CPU time since its start. */
  readonly cpuSeconds: number | null;
  readonly rssBytes: number | null;
  /** The last measured proportional memory; null before the first measurement. */
  readonly pssBytes: number | null;
  readonly openFiles: number | null;
  readonly openFilesLimit: number | null;
  readonly wchan: string | null;
  /** The time since the process's start, by the kernel's clock. */
  readonly ageMs: number | null;
}

const UNKNOWN: Measured = {
  ppid: null,
  kernelState: null,
  stateSinceMs: null,
  cpuPercent: null,
  cpuSeconds: null,
  rssBytes: null,
  pssBytes: null,
  openFiles: null,
  openFilesLimit: null,
  wchan: null,
  ageMs: null,
};

interface Reading {
  /** The pid and the start time of the measured process. */
  readonly key: string;
  readonly cpuTicks: number;
  readonly atMs: number;
  readonly pssAtMs: number;
  readonly measured: Measured;
}

export class Sampler {
  readonly #nowMs: () => number;
  #records = new Map<number, Reading>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Measures these processes and forgets all others. */
  sample(watched: readonly Watched[]): void {
    const next = new Map<number, Reading>();
    for (const { pid, startTicks } of watched) {
      const record = pid === null ? null : this.#measure(pid, startTicks);
      if (pid !== null && record !== null) next.set(pid, record);
    }
    this.#records = next;
    this.#measureOnePss();
  }

  /** Measures the processes that no sample has met yet. */
  sampleNew(watched: readonly Watched[]): void {
    for (const { pid, startTicks } of watched) {
      const record = pid === null || this.#records.has(pid) ? null : this.#measure(pid, startTicks);
      if (pid !== null && record !== null) this.#records.set(pid, record);
    }
  }

  of(pid: number | null): Measured {
    return (pid === null ? undefined : this.#records.get(pid)?.measured) ?? UNKNOWN;
  }

  #measureOnePss(): void {
    const [next] = [...this.#records].sort(([, a], [, b]) => a.pssAtMs - b.pssAtMs);
    if (next === undefined) return;
    const [pid, record] = next;
    const measured = { ...record.measured, pssBytes: readPssBytes(pid) };
    this.#records.set(pid, { ...record, pssAtMs: this.#nowMs(), measured });
  }

  #measure(pid: number, startTicks: number | null): Reading | null {
    const sample = readSample(pid);
    // Another process has the same pid now.
    if (sample === null || (startTicks !== null && sample.startTicks !== startTicks)) return null;
    const { cpuTicks, ppid, state } = sample;
    const atMs = this.#nowMs();
    const key = `${pid}:${sample.startTicks}`;
    const known = this.#records.get(pid);
    const before = known?.key === key ? known : null;
    // A process that reads a slow disk may be in D at every sample although it makes progress.
    const movedOn = state === 'D' && before?.cpuTicks !== cpuTicks;
    const sameState = before?.measured.kernelState === state && !movedOn;
    return {
      key,
      cpuTicks,
      atMs,
      pssAtMs: before?.pssAtMs ?? Number.NEGATIVE_INFINITY,
      measured: {
        ppid,
        kernelState: state,
        stateSinceMs: sameState ? before.measured.stateSinceMs : atMs,
        cpuPercent: before === null ? null : cpuPercent(before, cpuTicks, atMs),
        cpuSeconds: cpuTicks / TICKS_PER_SECOND,
        rssBytes: readRssBytes(pid),
        pssBytes: before?.measured.pssBytes ?? null,
        openFiles: countOpenFiles(pid),
        openFilesLimit: before?.measured.openFilesLimit ?? readOpenFilesLimit(pid),
        wchan: readWchan(pid),
        ageMs: Math.max(0, Math.round(uptime() * 1000 - (sample.startTicks / TICKS_PER_SECOND) * 1000)),
      },
    };
  }
}

/** Returns the CPU use in percent of one core, rounded to a tenth; null when no time has passed. */
function cpuPercent(before: Reading, cpuTicks: number, atMs: number): number | null {
  const seconds = (atMs - before.atMs) / 1000;
  if (seconds <= 0) return null;
  return Math.round(((cpuTicks - before.cpuTicks) / TICKS_PER_SECOND / seconds) * 1000) / 10;
}
