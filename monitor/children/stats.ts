/**
 * The monitor's counts over its whole life, which the server shows as metrics. They are kept here and not in the server,
 * because servers are replaced. `MonitorStats` is their form in messages: JSON-safe and small.
 */
import type { EndCause, KillCause } from '../../core/protocol/endings.ts';
import type { MemoryReading, MonitorStats, RecycleLimit, Role } from '../../core/protocol/monitor.ts';
import { START_BUCKETS_MS } from '../../core/protocol/monitor.ts';
import { CpuBook } from './cpu-book.ts';

interface Starts {
  count: number;
  totalMs: number;
  readonly buckets: number[];
}

export class StatsBook {
  readonly #pools: readonly string[];
  readonly #ends = new Map<string, number>();
  readonly #kills = new Map<string, number>();
  readonly #recycled = new Map<string, number>();
  readonly #starts = new Map<Role, Starts>();
  readonly #reloads = { succeeded: 0, failed: 0 };
  readonly cpu = new CpuBook();
  /** The time when the current configuration was read. */
  configuredAtUnixMs = 0;
  #lastReloadSucceeded = true;
  #warmMisses = 0;
  #straysKilled = 0;
  zombies = 0;
  unkillable = 0;
  memory: MemoryReading | null = null;
  forksStopped = false;

  /** Takes the names of the pools of workers, for counts that begin at zero. */
  constructor(pools: readonly string[] = []) {
    this.#pools = pools;
  }

  /** Counts the end of a process. `forced` says that the monitor had sent it a signal. */
  ended(role: Role, cause: EndCause, forced: boolean): void {
    count(this.#ends, role, cause);
    if (forced) count(this.#kills, role, cause);
  }

  started(role: Role, tookMs: number): void {
    const starts = this.#starts.get(role) ?? { count: 0, totalMs: 0, buckets: START_BUCKETS_MS.map(() => 0) };
    this.#starts.set(role, starts);
    starts.count++;
    starts.totalMs += tookMs;
    START_BUCKETS_MS.forEach((limitMs, i) => {
      if (tookMs <= limitMs) starts.buckets[i]!++;
    });
  }

  recycled(role: Role, limit: RecycleLimit): void {
    count(this.#recycled, role, limit);
  }

  warmMiss(): void {
    this.#warmMisses++;
  }

  straysKilled(number: number): void {
    this.#straysKilled += number;
  }

  reloaded(ok: boolean, atUnixMs: number): void {
    this.#reloads[ok ? 'succeeded' : 'failed']++;
    this.#lastReloadSucceeded = ok;
    if (ok) this.configuredAtUnixMs = atUnixMs;
  }

  snapshot(): MonitorStats {
    return {
      pools: this.#pools,
      ends: rows(this.#ends).map(([role, cause, number]) => ({
        role,
        cause: cause as EndCause,
        count: number,
      })),
      kills: rows(this.#kills).map(([role, cause, number]) => ({
        role,
        cause: cause as KillCause,
        count: number,
      })),
      starts: [...this.#starts].map(([role, { count: number, totalMs, buckets }]) => ({
        ...{ role, count: number, totalMs: Math.round(totalMs), buckets: [...buckets] },
      })),
      recycled: rows(this.#recycled).map(([role, limit, number]) => ({
        role,
        limit: limit as RecycleLimit,
        count: number,
      })),
      warmMisses: this.#warmMisses,
      zombies: this.zombies,
      straysKilled: this.#straysKilled,
      unkillable: this.unkillable,
      memory: this.memory,
      forksStopped: this.forksStopped,
      reloads: { ...this.#reloads },
      lastReload: { succeeded: this.#lastReloadSucceeded, lastSuccessAtUnixMs: this.configuredAtUnixMs },
      cpu: this.cpu.totals(),
    };
  }
}

function count(map: Map<string, number>, role: Role, what: string): void {
  const key = `${role} ${what}`;
  map.set(key, (map.get(key) ?? 0) + 1);
}

/** Returns the counts as rows; takes the keys apart that `count` made. */
function rows(map: ReadonlyMap<string, number>): [role: Role, what: string, count: number][] {
  return [...map].map(([key, number]) => {
    const [role, what] = key.split(' ') as [Role, string];
    return [role, what, number];
  });
}
