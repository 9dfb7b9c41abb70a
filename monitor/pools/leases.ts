/**
 * Records the server's reports about leases in the entries of a pool's workers. The server leases and releases workers itself,
 * asks for more, and gives up those that the pool wants back. After each report the pool asks its rules again.
 */
import type { Ending } from '../../core/protocol/endings.ts';
import type { FromChild } from '../../core/protocol/monitor.ts';
import type { LeasedEndings } from './leased-endings.ts';
import { enterState, type LeasedEntry } from './leased-entry.ts';
import { QUIET_MS } from './leased-rules.ts';
import type { PoolDeps } from './pool.ts';

export const SERVER_DIED: Ending = { cause: 'server-lost', reason: 'its server died' };

type Lease = Extract<FromChild, { type: 'lease' }>;
type Release = Extract<FromChild, { type: 'release' }>;
type Wanted = Extract<FromChild, { type: 'want-workers' }>;

export class Leases {
  readonly #deps: Pick<PoolDeps, 'clock' | 'log' | 'stats'>;
  readonly #endings: LeasedEndings;
  #waiting = 0;
  #waitingSinceMs: number;
  #lastAtMs: number;

  constructor(deps: Pick<PoolDeps, 'clock' | 'log' | 'stats'>, endings: LeasedEndings) {
    this.#deps = deps;
    this.#endings = endings;
    this.#lastAtMs = this.#waitingSinceMs = deps.clock.monotonicMs();
  }

  /** The number of queries that wait for a worker, as far as it is known. */
  get waiting(): number {
    return this.#waiting;
  }

  /** The time of the last lease or release. */
  get lastAtMs(): number {
    return this.#lastAtMs;
  }

  begin(entry: LeasedEntry, { workerId, queryId, principal, deadlineAt }: Lease): void {
    const { clock, log } = this.#deps;
    if (entry.state === 'killing') {
      log.debug('lease-of-gone', { workerId, queryId, principal });
      return;
    }
    const nowMs = clock.monotonicMs();
    this.#lastAtMs = nowMs;
    this.#waiting = Math.max(0, this.#waiting - 1);
    entry.queryId = queryId;
    entry.principal = principal;
    entry.deadlineAtMs = nowMs + (deadlineAt - clock.unixMs());
    enterState(entry, 'leased', nowMs);
  }

  end(entry: LeasedEntry, { workerId, queryId, outcome, reason }: Release): void {
    if (entry.state === 'killing') return; // the worker died or was killed during the lease
    if (entry.queryId !== null && queryId !== null && entry.queryId !== queryId) {
      this.#deps.log.warn('late-release', { workerId, queryId, leasedTo: entry.queryId });
      return;
    }
    const nowMs = this.#deps.clock.monotonicMs();
    this.#lastAtMs = nowMs;
    if (entry.state === 'leased') entry.queriesServed++;
    entry.queryId = null;
    entry.principal = null;
    entry.deadlineAtMs = null;
    if (entry.condemned !== null) this.#endings.kill(entry, entry.condemned.ending, true);
    else if (outcome === 'discard') this.#endings.discard(entry, reason);
    else if (entry.state === 'leased') enterState(entry, 'idle-used', nowMs);
  }

  want({ waiting, isNew }: Wanted): void {
    if (isNew) this.#deps.stats.warmMiss();
    this.#waiting = waiting;
    this.#waitingSinceMs = this.#deps.clock.monotonicMs();
  }

  /** Called while a worker is idle. After a quiet while, it resets the number of waiting queries: they got a worker or gave up. */
  forgetWaiting(nowMs: number): void {
    if (nowMs - Math.max(this.#waitingSinceMs, this.#lastAtMs) >= QUIET_MS) this.#waiting = 0;
  }

  /** Takes the server's reply to `retire`: whether it gave the worker up. */
  retired(entry: LeasedEntry, accepted: boolean): void {
    if (entry.state !== 'retiring') return; // leased or ended meanwhile
    if (accepted) {
      this.#endings.stop(entry);
      return;
    }
    const nowMs = this.#deps.clock.monotonicMs();
    entry.retireNotBeforeMs = nowMs + QUIET_MS;
    enterState(entry, entry.queriesServed > 0 ? 'idle-used' : 'idle-fresh', nowMs);
  }

  /** Ends the leased workers of a dead server, since nobody will read their answers or release them. */
  serverLost(entries: Iterable<LeasedEntry>): void {
    this.#waiting = 0;
    for (const entry of entries) {
      if (entry.state === 'leased') this.#endings.kill(entry, SERVER_DIED);
      else if (entry.state === 'retiring') this.#endings.stop(entry);
    }
  }
}
