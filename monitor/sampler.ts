/**
 * What the kernel says of every process, once a second: state, CPU, memory, and zombies. Its own children node
 * reaps by itself. A zombie under a worker means that this worker is stuck or broken, and it is reported once it
 * has lasted; so is one under the monitor that it did not start (an orphan adopted by a monitor that is pid 1),
 * which nobody can reap and which only counts.
 */
import { uptime } from 'node:os';
import { readRssBytes, readSample, readZombiesUnder, TICKS_PER_SECOND } from './proc.ts';

/** Every dead process is a zombie for a moment; one that lasts so long has a parent that does not wait for it. */
const ZOMBIE_LASTS_MS = 5000;

export interface Watched {
  readonly pid: number | null;
  /** null when it was not known at the start: then the pid must do. */
  readonly startTicks: number | null;
}

export interface Measured {
  readonly ppid: number | null;
  readonly kernelState: string | null;
  /** Of one core since the last sample; null at the first. */
  readonly cpuPercent: number | null;
  readonly rssBytes: number | null;
  /** Since its start, by the kernel. */
  readonly ageMs: number | null;
}

const UNKNOWN: Measured = { ppid: null, kernelState: null, cpuPercent: null, rssBytes: null, ageMs: null };

interface Previous {
  readonly key: string;
  readonly cpuTicks: number;
  readonly atMs: number;
  readonly measured: Measured;
}

export class Sampler {
  readonly #nowMs: () => number;
  #previous = new Map<number, Previous>();
  #zombies = new Map<string, number>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Measures these and forgets all others. */
  sample(watched: readonly Watched[]): void {
    const next = new Map<number, Previous>();
    for (const { pid, startTicks } of watched) {
      const measured = pid === null ? null : this.#measure(pid, startTicks);
      if (pid !== null && measured !== null) next.set(pid, measured);
    }
    this.#previous = next;
  }

  /** Measures those that no sample has met yet. */
  sampleNew(watched: readonly Watched[]): void {
    for (const { pid, startTicks } of watched) {
      const measured = pid === null || this.#previous.has(pid) ? null : this.#measure(pid, startTicks);
      if (pid !== null && measured !== null) this.#previous.set(pid, measured);
    }
  }

  of(pid: number | null): Measured {
    return (pid === null ? undefined : this.#previous.get(pid)?.measured) ?? UNKNOWN;
  }

  /** Zombies that have lasted under these parents, each with its parent; `known` are children of our own. */
  lastingZombies(parents: readonly number[], known: ReadonlySet<number>): { pid: number; ppid: number }[] {
    const nowMs = this.#nowMs();
    const seen = new Map<string, number>();
    const lasting: { pid: number; ppid: number }[] = [];
    for (const { pid, ppid, startTicks } of parents.flatMap(readZombiesUnder)) {
      if (known.has(pid)) continue;
      const key = `${pid}:${startTicks}`;
      const sinceMs = this.#zombies.get(key) ?? nowMs;
      seen.set(key, sinceMs);
      if (nowMs - sinceMs >= ZOMBIE_LASTS_MS) lasting.push({ pid, ppid });
    }
    this.#zombies = seen;
    return lasting;
  }

  #measure(pid: number, startTicks: number | null): Previous | null {
    const sample = readSample(pid);
    // Another process by the same number is not ours to report.
    if (sample === null || (startTicks !== null && sample.startTicks !== startTicks)) return null;
    const { cpuTicks, ppid, state } = sample;
    const atMs = this.#nowMs();
    const key = `${pid}:${sample.startTicks}`;
    const before = this.#previous.get(pid);
    const cpuPercent =
      before?.key === key && atMs > before.atMs
        ? Math.round(
            ((cpuTicks - before.cpuTicks) / TICKS_PER_SECOND / ((atMs - before.atMs) / 1000)) * 1000,
          ) / 10
        : null;
    const ageMs = Math.max(0, Math.round(uptime() * 1000 - (sample.startTicks / TICKS_PER_SECOND) * 1000));
    const rssBytes = readRssBytes(pid);
    return { key, cpuTicks, atMs, measured: { ppid, kernelState: state, cpuPercent, rssBytes, ageMs } };
  }
}
