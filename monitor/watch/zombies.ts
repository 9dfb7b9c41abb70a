/**
 * Finds zombies: dead processes that their parent has not reaped. Node reaps the monitor's own children. A zombie under a
 * worker means that the worker is stuck or broken: once it has lasted, it is reported and the worker is ended. Other zombies
 * are only counted and reported once: under the monitor but not started by it (a monitor with pid 1 adopts orphans), and under
 * the server or the logger, which are not ended for that.
 */
import { type KernelSample, readZombiesUnder } from '../../core/process/proc.ts';

/** The time after which a zombie counts as lasting: every dead process is a zombie for a moment. */
const ZOMBIE_LASTS_MS = 5000;

export interface LastingZombie {
  readonly pid: number;
  readonly ppid: number;
  readonly startTicks: number;
  readonly forMs: number;
}

export class ZombieWatch {
  readonly #nowMs: () => number;
  readonly #readUnder: (parent: number) => readonly KernelSample[];
  #sinceMs = new Map<string, number>();
  #told = new Set<string>();

  constructor(nowMs: () => number, readUnder: typeof readZombiesUnder = readZombiesUnder) {
    this.#nowMs = nowMs;
    this.#readUnder = readUnder;
  }

  /** Returns the lasting zombies under these parents. `known` are our own children, which are reaped in a moment. */
  findLasting(parents: readonly number[], known: ReadonlySet<number>): LastingZombie[] {
    const nowMs = this.#nowMs();
    const seen = new Map<string, number>();
    const lasting: LastingZombie[] = [];
    for (const { pid, ppid, startTicks } of parents.flatMap((parent) => [...this.#readUnder(parent)])) {
      if (known.has(pid)) continue;
      const key = keyOf({ pid, startTicks });
      const sinceMs = this.#sinceMs.get(key) ?? nowMs;
      seen.set(key, sinceMs);
      if (nowMs - sinceMs >= ZOMBIE_LASTS_MS) lasting.push({ pid, ppid, startTicks, forMs: nowMs - sinceMs });
    }
    this.#sinceMs = seen;
    this.#told = new Set([...this.#told].filter((key) => seen.has(key)));
    return lasting;
  }

  /** Returns true the first time for each zombie. */
  isNews(zombie: LastingZombie): boolean {
    const key = keyOf(zombie);
    if (this.#told.has(key)) return false;
    this.#told.add(key);
    return true;
  }
}

function keyOf({ pid, startTicks }: { readonly pid: number; readonly startTicks: number }): string {
  return `${pid}:${startTicks}`;
}
