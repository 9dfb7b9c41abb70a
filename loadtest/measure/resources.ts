/**
 * CPU and memory of every process of a contender while something runs: looked at twice a second, told by role. CPU
 * that a process used after its last look and before its end is missing.
 */
import { readTree, type SeenProcess } from './process-tree.ts';

const INTERVAL_MS = 500;

export interface RoleUse {
  readonly role: string;
  /** The most at one time. */
  readonly processes: number;
  readonly cpuSeconds: number;
  /** The most memory of all of them together at one time. */
  readonly maxRssBytes: number;
  /** From the first look to the most of any later one. */
  readonly rssGrowthBytes: number;
}

export class ResourceWatch implements Disposable {
  readonly #rootPid: number;
  readonly #timer: NodeJS.Timeout;
  readonly #first = new Map<string, SeenProcess>();
  readonly #last = new Map<string, SeenProcess>();
  readonly #rss = new Map<string, number[]>();
  readonly #counts = new Map<string, number>();

  constructor(rootPid: number) {
    this.#rootPid = rootPid;
    this.#look();
    this.#timer = setInterval(() => this.#look(), INTERVAL_MS);
  }

  /** Also when what was watched has failed: a timer that is left keeps the process alive. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** Ends the watch. By role, in alphabetical order. */
  end(): RoleUse[] {
    this[Symbol.dispose]();
    this.#look();
    return [...this.#rss.keys()].sort().map((role) => this.#useOf(role));
  }

  #look(): void {
    const isFirst = this.#rss.size === 0;
    const seen = readTree(this.#rootPid);
    for (const role of new Set(seen.map((each) => each.role))) {
      const processes = seen.filter((each) => each.role === role);
      const rssBytes = processes.reduce((sum, each) => sum + each.rssBytes, 0);
      this.#rss.set(role, [...(this.#rss.get(role) ?? []), rssBytes]);
      this.#counts.set(role, Math.max(this.#counts.get(role) ?? 0, processes.length));
      for (const each of processes) {
        const key = `${each.pid} ${each.startTicks}`;
        if (isFirst) this.#first.set(key, each);
        this.#last.set(key, each);
      }
    }
  }

  #useOf(role: string): RoleUse {
    const rss = this.#rss.get(role)!; // the key has the role
    let cpuSeconds = 0;
    for (const [key, last] of this.#last)
      if (last.role === role) cpuSeconds += last.cpuSeconds - (this.#first.get(key)?.cpuSeconds ?? 0);
    const maxRssBytes = Math.max(...rss);
    const processes = this.#counts.get(role)!;
    return { role, processes, cpuSeconds, maxRssBytes, rssGrowthBytes: maxRssBytes - rss[0]! };
  }
}
