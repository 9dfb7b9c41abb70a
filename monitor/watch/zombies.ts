/**
 * Dead processes that nobody waits for. Its own children node reaps by itself. A zombie under a worker means that this
 * worker is stuck or broken: it is reported once it has lasted, and the worker goes. A zombie that nobody of ours may
 * reap (under the monitor and not started by it, as an orphan is that a monitor with pid 1 adopts; under the server or
 * the logger, which are not killed for it) is counted and told once.
 */
import { type KernelSample, readZombiesUnder } from '../../core/process/proc.ts';

/** The time after which a zombie lasts: every dead process is one for a moment, and this one's parent does not wait for it. */
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

  /** Returns the zombies that have lasted under these parents; `known` are children of our own, which are reaped in a moment. */
  look(parents: readonly number[], known: ReadonlySet<number>): LastingZombie[] {
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
