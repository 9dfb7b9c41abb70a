/**
 * The stock of DSL workers: the table of rules.ts with real processes behind it. The server leases and releases
 * them itself and says so; this file keeps the books, asks the rules and carries out what they decide.
 *
 * - A row lives from launch to the end of its process; its state is changed only by `enterState`.
 * - One timer, for the next moment at which time alone may change a decision.
 */
import type { Log } from '../logger/log.ts';
import type { Brake } from './brake.ts';
import type { Clock } from './clock.ts';
import { createEntry, type DslEntry, enterState, freeSlot, isIdle } from './dsl-entry.ts';
import { type ChildEnd, type ChildEvents, describeEnd, type ManagedChild } from './managed-child.ts';
import type { FromChild, ToChild } from './messages.ts';
import { readSample } from './proc.ts';
import {
  type DslDecision,
  type DslPolicy,
  type DslState,
  type DslTable,
  decideDsl,
  nextDecisionAtMs,
  QUIET_MS,
} from './rules.ts';

export interface DslPoolOptions {
  readonly policy: DslPolicy;
  readonly heartbeatTimeoutMs: number;
  readonly brake: Brake;
  readonly clock: Clock;
  readonly log: Log;
  launch(slot: number, events: ChildEvents): ManagedChild;
  /** false: there is no server to tell. */
  tellServer(message: ToChild): boolean;
  /** The set of workers that may be used has changed. */
  onChanged(): void;
  onReady(child: ManagedChild): void;
  /** It ended without being asked to. */
  onLost(child: ManagedChild, end: ChildEnd): void;
  onGone(child: ManagedChild): void;
}

/** How long a worker that the server gave up may take to stop: it has nothing left to do. */
const RETIRE_GRACE_MS = 1000;

type Lease = Extract<FromChild, { type: 'lease' }>;
type Release = Extract<FromChild, { type: 'release' }>;

export class DslPool {
  readonly #options: DslPoolOptions;
  readonly #entries = new Map<string, DslEntry>();
  #waiting = 0;
  #waitingSinceMs: number;
  #lastLeaseAtMs: number;
  #timer: NodeJS.Timeout | null = null;
  #running = false;

  constructor(options: DslPoolOptions) {
    this.#options = options;
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

  lease({ workerId, queryId, deadlineAt }: Lease): void {
    const { clock, log } = this.#options;
    const entry = this.#entries.get(workerId);
    if (entry === undefined || entry.state === 'killing') {
      log.debug('lease-of-gone', { workerId, queryId });
      return;
    }
    this.#lastLeaseAtMs = clock.monotonicMs();
    this.#waiting = Math.max(0, this.#waiting - 1);
    entry.queryId = queryId;
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
    entry.deadlineAtMs = null;
    if (outcome === 'discard') this.#discard(entry, reason);
    else if (entry.state === 'leased') this.#enter(entry, 'idle-used');
    this.evaluate();
  }

  want(waiting: number): void {
    this.#waiting = waiting;
    this.#waitingSinceMs = this.#options.clock.monotonicMs();
    this.evaluate();
  }

  retired(workerId: string, accepted: boolean): void {
    const entry = this.#entries.get(workerId);
    if (entry?.state !== 'retiring') return; // leased or ended meanwhile
    if (accepted) this.#stop(entry);
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
      if (entry.state === 'leased') this.#kill(entry, 'its server died');
      else if (entry.state === 'retiring') this.#stop(entry);
    }
    this.evaluate();
  }

  /** A lease that a dead server managed to announce. */
  voidLease(workerId: string): void {
    const entry = this.#entries.get(workerId);
    if (entry !== undefined) this.#kill(entry, 'its server died');
    this.evaluate();
  }

  /** Each second. */
  tick(rssOf: (child: ManagedChild) => number | null): void {
    const nowMs = this.#options.clock.monotonicMs();
    const { heartbeatTimeoutMs } = this.#options;
    for (const entry of this.#entries.values()) {
      entry.rssBytes = rssOf(entry.child);
      const silentMs = nowMs - entry.child.lastHeartbeatAtMs;
      // A leased one may well be busy: its deadline is what counts.
      if (isIdle(entry) && silentMs > heartbeatTimeoutMs)
        this.#kill(entry, `no heartbeat for ${Math.round(silentMs)} ms`, true);
    }
    this.evaluate();
  }

  killWorker(child: ManagedChild, reason: string): void {
    const entry = this.#entries.get(child.workerId);
    if (entry !== undefined) this.#kill(entry, reason, true);
    this.evaluate();
  }

  /** Nothing is started any more; resolves when all are gone. */
  async stop(graceMs: number, reason: string): Promise<void> {
    this.#end();
    for (const { child } of this.#entries.values()) child.stop(graceMs, reason);
    await Promise.all(this.children().map(({ gone }) => gone));
  }

  async kill(reason: string): Promise<void> {
    this.#end();
    for (const { child } of this.#entries.values()) child.kill(reason, true);
    await Promise.all(this.children().map(({ gone }) => gone));
  }

  #end(): void {
    this.#running = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  evaluate(): void {
    if (!this.#running) return;
    const nowMs = this.#options.clock.monotonicMs();
    const idle = [...this.#entries.values()].some(isIdle);
    // Whoever waited got a worker or gave up: with one idle for so long nobody can be waiting.
    if (idle && nowMs - Math.max(this.#waitingSinceMs, this.#lastLeaseAtMs) >= QUIET_MS) this.#waiting = 0;
    for (const decision of decideDsl(this.#table(nowMs), this.#options.policy, nowMs))
      this.#carryOut(decision);
    this.#arm();
  }

  #table(nowMs: number): DslTable {
    return {
      rows: [...this.#entries.values()],
      waiting: this.#waiting,
      lastLeaseAtMs: this.#lastLeaseAtMs,
      startNotBeforeMs: nowMs + this.#options.brake.waitMs(),
    };
  }

  #arm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const nowMs = this.#options.clock.monotonicMs();
    const atMs = nextDecisionAtMs(this.#table(nowMs), this.#options.policy, nowMs);
    if (atMs !== null) this.#timer = setTimeout(() => this.evaluate(), Math.ceil(atMs - nowMs) + 1);
  }

  #carryOut(decision: DslDecision): void {
    if (decision.type === 'start') {
      this.#start(decision);
      return;
    }
    const entry = this.#entries.get(decision.workerId);
    if (entry === undefined) return;
    if (decision.type === 'kill') {
      this.#kill(entry, decision.reason);
      return;
    }
    const { workerId, reason } = decision;
    this.#options.log.info('dsl-retire', { workerId, reason });
    this.#enter(entry, 'retiring');
    for (const other of this.#entries.values()) if (other.state === 'idle-fresh') other.replacing = false;
    if (!this.#options.tellServer({ type: 'retire', workerId })) this.#stop(entry);
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

  /** Its query was cancelled or failed, as queries do: routine, where `#kill` is what people should look at. */
  #discard(entry: DslEntry, reason: string): void {
    const { workerId } = entry.child;
    this.#options.log.info('dsl-discard', { workerId, reason });
    this.#signal(entry, reason, false);
  }

  #stop(entry: DslEntry): void {
    this.#enter(entry, 'killing');
    entry.child.stop(RETIRE_GRACE_MS, 'retired');
    this.#options.onChanged();
  }

  #kill(entry: DslEntry, reason: string, straight = false): void {
    if (entry.state === 'killing' && !straight) return;
    const { child, queryId } = entry;
    const kernelState = kernelStateOf(entry);
    // Dead already: it ended by itself, and its 'exit' that is on the way shall say so.
    if (kernelState !== 'Z') {
      const fields = { workerId: child.workerId, childPid: child.pid, queryId, reason, kernelState };
      this.#options.log.warn('dsl-kill', fields);
    }
    this.#signal(entry, reason, straight);
  }

  #signal(entry: DslEntry, reason: string, straight: boolean): void {
    this.#enter(entry, 'killing');
    if (kernelStateOf(entry) !== 'Z') entry.child.kill(reason, straight);
    this.#options.onChanged();
  }

  #enter(entry: DslEntry, state: DslState): void {
    enterState(entry, state, this.#options.clock.monotonicMs());
  }
}

function kernelStateOf({ child }: DslEntry): string | undefined {
  return child.pid === null ? undefined : readSample(child.pid)?.state;
}
