/**
 * The stock of DSL workers: the table of dsl-rules.ts with real processes behind it. The server leases and releases
 * them itself and says so; this file keeps the books, asks the rules and carries out what they decide.
 *
 * - A row lives from launch to the end of its process; its state is changed only by `enterState`.
 * - One timer, for the next moment at which time alone may change a decision.
 */
import type { Ending } from '../../core/protocol/endings.ts';
import type { FromChild } from '../../core/protocol/monitor.ts';
import { type ChildEnd, describeEnd, type ManagedChild } from '../children/managed-child.ts';
import { afterListening } from '../children/patient-timer.ts';
import { DslEndings } from './dsl-endings.ts';
import { createEntry, type DslEntry, enterState, freeSlot, isIdle } from './dsl-entry.ts';
import type { DslPoolOptions, LeasedQuery } from './dsl-pool-options.ts';
import {
  type DslDecision,
  type DslPolicy,
  type DslState,
  type DslTable,
  decideDsl,
  nextDecisionAtMs,
  QUIET_MS,
} from './dsl-rules.ts';

const SERVER_DIED: Ending = { cause: 'server-lost', reason: 'its server died' };

type Lease = Extract<FromChild, { type: 'lease' }>;
type Release = Extract<FromChild, { type: 'release' }>;

export class DslPool {
  readonly #options: DslPoolOptions;
  readonly #endings: DslEndings;
  readonly #entries = new Map<string, DslEntry>();
  #waiting = 0;
  #waitingSinceMs: number;
  #lastLeaseAtMs: number;
  #clearTimer: () => void = () => {};
  #running = false;
  #policy: DslPolicy;
  #mayFork = true;

  constructor(options: DslPoolOptions) {
    this.#options = options;
    this.#endings = new DslEndings(options);
    this.#policy = options.policy;
    this.#lastLeaseAtMs = this.#waitingSinceMs = options.clock.monotonicMs();
  }

  start(): void {
    this.#running = true;
    this.evaluate();
  }

  children(): ManagedChild[] {
    return [...this.#entries.values()].map(({ child }) => child);
  }

  /** Those that the server may know of; a retiring one until the server gave it up. */
  usable(): ManagedChild[] {
    const usable = [...this.#entries.values()].filter(
      ({ state }) => state !== 'starting' && state !== 'killing',
    );
    return usable.map(({ child }) => child).filter(({ phase }) => phase === 'ready');
  }

  /** The query that a worker is leased to, and what it has served. */
  workOf(workerId: string): { queryId: string | null; queriesServed: number } {
    const entry = this.#entries.get(workerId);
    return { queryId: entry?.queryId ?? null, queriesServed: entry?.queriesServed ?? 0 };
  }

  get max(): number {
    return this.#policy.max;
  }

  /** The most that run at once; those above it go when they are idle. */
  scale(max: number): void {
    this.#policy = { ...this.#policy, max };
    this.evaluate();
  }

  leased(): LeasedQuery[] {
    return [...this.#entries.values()].flatMap(({ state, workerId, queryId, rssBytes, condemned }) =>
      state === 'leased' && queryId !== null && condemned === null
        ? [{ workerId, queryId, rssBytes: rssBytes ?? 0 }]
        : [],
    );
  }

  /** Some worker is being killed, or will be: what it holds is not yet free. */
  get isEndingOne(): boolean {
    return [...this.#entries.values()].some(
      ({ state, condemned }) => state === 'killing' || condemned !== null,
    );
  }

  /** Has the server end a query with an error that says why; its worker goes with it, at the latest soon. */
  endQuery(workerId: string, code: 'memory-pressure' | 'memory-exceeded', ending: Ending): void {
    const entry = this.#entries.get(workerId);
    if (entry === undefined) return;
    this.#endings.condemn(entry, code, ending);
    this.evaluate();
  }

  lease({ workerId, queryId, principal, deadlineAt }: Lease): void {
    const { clock, log } = this.#options;
    const entry = this.#entries.get(workerId);
    if (entry === undefined || entry.state === 'killing') {
      log.debug('lease-of-gone', { workerId, queryId, principal });
      return;
    }
    this.#lastLeaseAtMs = clock.monotonicMs();
    this.#waiting = Math.max(0, this.#waiting - 1);
    entry.queryId = queryId;
    entry.principal = principal;
    entry.deadlineAtMs = clock.monotonicMs() + (deadlineAt - clock.unixMs());
    this.#enter(entry, 'leased');
    this.evaluate();
  }

  release({ workerId, queryId, outcome, reason }: Release): void {
    const entry = this.#entries.get(workerId);
    if (entry === undefined || entry.state === 'killing') return; // it died or was killed in that lease
    if (entry.queryId !== null && queryId !== null && entry.queryId !== queryId) {
      this.#options.log.warn('late-release', { workerId, queryId, leasedTo: entry.queryId });
      return;
    }
    this.#lastLeaseAtMs = this.#options.clock.monotonicMs();
    if (entry.state === 'leased') entry.queriesServed++;
    entry.queryId = null;
    entry.principal = null;
    entry.deadlineAtMs = null;
    if (entry.condemned !== null) this.#endings.kill(entry, entry.condemned.ending, true);
    else if (outcome === 'discard') this.#endings.discard(entry, reason);
    else if (entry.state === 'leased') this.#enter(entry, 'idle-used');
    this.evaluate();
  }

  want(waiting: number): void {
    this.#options.onWarmMiss();
    this.#waiting = waiting;
    this.#waitingSinceMs = this.#options.clock.monotonicMs();
    this.evaluate();
  }

  retired(workerId: string, accepted: boolean): void {
    const entry = this.#entries.get(workerId);
    if (entry?.state !== 'retiring') return; // leased or ended meanwhile
    if (accepted) this.#endings.stop(entry);
    else {
      entry.retireNotBeforeMs = this.#options.clock.monotonicMs() + QUIET_MS;
      this.#enter(entry, entry.queriesServed > 0 ? 'idle-used' : 'idle-fresh');
    }
    this.evaluate();
  }

  /** Nobody will take the answers of what these are doing, and nobody will release them. */
  serverLost(): void {
    this.#waiting = 0;
    for (const entry of this.#entries.values()) {
      if (entry.state === 'leased') this.#endings.kill(entry, SERVER_DIED);
      else if (entry.state === 'retiring') this.#endings.stop(entry);
    }
    this.evaluate();
  }

  /** A lease that a dead server managed to announce. */
  voidLease(workerId: string): void {
    const entry = this.#entries.get(workerId);
    if (entry !== undefined) this.#endings.kill(entry, SERVER_DIED);
    this.evaluate();
  }

  /** Each second. `mayFork`: memory allows more than what is indispensable. */
  tick(mayFork: boolean, rssOf: (child: ManagedChild) => number | null): void {
    this.#mayFork = mayFork;
    for (const entry of this.#entries.values()) {
      entry.rssBytes = rssOf(entry.child);
      this.#endings.killOverdue(entry);
    }
    this.evaluate();
  }

  /** Whether it has to beat: a leased one may well be busy, and its deadline is what counts. */
  mustBeat(workerId: string): boolean {
    const entry = this.#entries.get(workerId);
    return entry !== undefined && isIdle(entry);
  }

  killWorker(child: ManagedChild, ending: Ending): void {
    const entry = this.#entries.get(child.workerId);
    if (entry !== undefined) this.#endings.kill(entry, ending, true);
    this.evaluate();
  }

  /** Nothing is started any more; resolves when all are gone. */
  async stop(graceMs: number, ending: Ending): Promise<void> {
    this.#end();
    for (const { child } of this.#entries.values()) child.stop(graceMs, ending);
    await Promise.all(this.children().map(({ gone }) => gone));
  }

  async kill(ending: Ending): Promise<void> {
    this.#end();
    for (const { child } of this.#entries.values()) child.kill(ending, true);
    await Promise.all(this.children().map(({ gone }) => gone));
  }

  #end(): void {
    this.#running = false;
    this.#clearTimer();
  }

  evaluate(): void {
    if (!this.#running) return;
    const nowMs = this.#options.clock.monotonicMs();
    const idle = [...this.#entries.values()].some(isIdle);
    // Whoever waited got a worker or gave up: with one idle for so long nobody can be waiting.
    if (idle && nowMs - Math.max(this.#waitingSinceMs, this.#lastLeaseAtMs) >= QUIET_MS) this.#waiting = 0;
    for (const decision of decideDsl(this.#table(nowMs), this.#policy, nowMs)) this.#carryOut(decision);
    this.#arm();
  }

  #table(nowMs: number): DslTable {
    return {
      rows: [...this.#entries.values()],
      waiting: this.#waiting,
      lastLeaseAtMs: this.#lastLeaseAtMs,
      startNotBeforeMs: nowMs + this.#options.brake.waitMs(),
      mayFork: this.#mayFork,
    };
  }

  #arm(): void {
    this.#clearTimer();
    const nowMs = this.#options.clock.monotonicMs();
    const atMs = nextDecisionAtMs(this.#table(nowMs), this.#policy, nowMs);
    if (atMs !== null) this.#clearTimer = afterListening(Math.ceil(atMs - nowMs) + 1, () => this.evaluate());
  }

  #carryOut(decision: DslDecision): void {
    if (decision.type === 'start') {
      this.#start(decision);
      return;
    }
    const entry = this.#entries.get(decision.workerId);
    if (entry === undefined) return;
    if (decision.type === 'kill') {
      this.#endings.kill(entry, { cause: 'deadline', reason: decision.reason });
      return;
    }
    const { workerId, reason, limit } = decision;
    if (limit !== null) this.#options.onRecycled(limit);
    entry.retiring = { cause: limit === null ? 'surplus' : 'recycle', reason };
    this.#options.log.info('dsl-retire', { workerId, reason });
    this.#enter(entry, 'retiring');
    for (const other of this.#entries.values()) if (other.state === 'idle-fresh') other.replacing = false;
    if (!this.#options.tellServer({ type: 'retire', role: 'dsl', workerId })) this.#endings.stop(entry);
  }

  #start({ replacing, reason }: Extract<DslDecision, { type: 'start' }>): void {
    const { clock, log } = this.#options;
    const child = this.#options.launch(freeSlot(this.children()), {
      onReady: (ready) => this.#onReady(ready),
      // A DSL worker says nothing but what ManagedChild takes itself.
      onMessage: (from, message) =>
        log.warn('unexpected-message', { workerId: from.workerId, type: message.type }),
      onGone: (gone, end) => this.#onGone(gone, end),
    });
    log.info('dsl-start', { workerId: child.workerId, reason });
    this.#entries.set(child.workerId, createEntry(child, replacing, clock.monotonicMs()));
  }

  #onReady(child: ManagedChild): void {
    const entry = this.#entries.get(child.workerId);
    if (entry?.state !== 'starting') return;
    this.#enter(entry, 'idle-fresh');
    this.#options.onReady(child);
    this.#options.onChanged();
    this.evaluate();
  }

  #onGone(child: ManagedChild, end: ChildEnd): void {
    const entry = this.#entries.get(child.workerId);
    this.#entries.delete(child.workerId);
    const { brake, log, onChanged, onGone, onLost } = this.#options;
    const fields = {
      workerId: child.workerId,
      childPid: child.pid,
      queryId: entry?.queryId,
      principal: entry?.principal,
      how: describeEnd(end),
    };
    if (end.decided !== null) log.info('child-ended', fields);
    else {
      log.error('child-lost', fields);
      // A query that crashes its worker is no reason to starve the others of theirs.
      if (end.early && (entry?.state === 'starting' || entry?.state === 'idle-fresh')) brake.fail();
      onLost(child, end);
    }
    onGone(child);
    onChanged();
    this.evaluate();
  }

  #enter(entry: DslEntry, state: DslState): void {
    enterState(entry, state, this.#options.clock.monotonicMs());
  }
}
