/**
 * The policy `leased`: a warm stock of workers, as the table of leased-rules.ts with a process for each row. The server leases
 * and releases them itself and reports it; this file keeps the table, asks the rules, and carries out their decisions.
 *
 * - A row exists from the launch to the end of its process; only `enterState` changes its state.
 * - There is one timer, for the next moment at which the passing of time alone may change a decision.
 */
import type { Ending } from '../../core/protocol/endings.ts';
import type { FromChild } from '../../core/protocol/monitor.ts';
import { Brake } from '../children/brake.ts';
import type { InspectedProcess } from '../children/inspected-process.ts';
import { type ChildEnd, describeEnd, type ManagedChild } from '../children/managed-child.ts';
import { afterListening } from '../children/patient-timer.ts';
import { LeasedEndings } from './leased-endings.ts';
import { createEntry, enterState, isIdle, type LeasedEntry } from './leased-entry.ts';
import {
  decideLeased,
  type LeasedDecision,
  type LeasedPolicy,
  type LeasedState,
  type LeasedTable,
  nextDecisionAtMs,
} from './leased-rules.ts';
import { Leases, SERVER_DIED } from './leases.ts';
import { OUTDATED, OutdatedWorkers } from './outdated-workers.ts';
import { freeSlot, type LeasedQuery, type Pool, type PoolDeps, type Round, type Work } from './pool.ts';

export class LeasedPool implements Pool {
  readonly followsServing = true;
  readonly canServe = true;
  readonly #deps: PoolDeps;
  readonly #endings: LeasedEndings;
  readonly #brake: Brake;
  readonly #entries = new Map<string, LeasedEntry>();
  readonly #leases: Leases;
  #clearTimer: () => void = () => {};
  #running = false;
  readonly #outdated: OutdatedWorkers;
  #policy: LeasedPolicy;
  #mayFork = true;

  constructor(deps: PoolDeps, policy: LeasedPolicy) {
    this.#deps = deps;
    this.#endings = new LeasedEndings(deps);
    this.#brake = new Brake(deps.clock.monotonicMs);
    this.#policy = policy;
    this.#leases = new Leases(deps, this.#endings);
    this.#outdated = new OutdatedWorkers(deps, this.#endings);
  }

  get role(): string {
    return this.#deps.role;
  }

  /** Whether one worker is ready, which is enough; the others follow. */
  get isWhole(): boolean {
    return this.usable().length > 0 || this.#policy.spares === 0;
  }

  start(): void {
    this.#running = true;
    this.#evaluate();
  }

  children(): ManagedChild[] {
    return [...this.#entries.values()].map(({ child }) => child);
  }

  /** Returns the workers that the server may use, including a retiring one until the server gave it up. */
  usable(): ManagedChild[] {
    const usable = [...this.#entries.values()].filter(
      ({ state }) => state !== 'starting' && state !== 'killing',
    );
    return usable.map(({ child }) => child).filter(({ phase }) => phase === 'ready');
  }

  workOf({ workerId }: ManagedChild): Work {
    const entry = this.#entries.get(workerId);
    return { queryId: entry?.queryId ?? null, queriesServed: entry?.queriesServed ?? 0 };
  }

  /** Returns the worker for the inspection. Its measures go through this pool, which keeps the table and logs. */
  inspectedChild(child: ManagedChild): InspectedProcess {
    const entry = this.#entries.get(child.workerId);
    return {
      child,
      // A leased worker may be too busy to send heartbeats; its deadline limits it instead.
      mustBeat: entry !== undefined && isIdle(entry),
      kill: (ending) => this.#killWorker(child, ending),
      endQuery: (ending) => void this.#endQuery(child.workerId, 'memory-exceeded', ending),
    };
  }

  /** The most workers that run at the same time. */
  get size(): number {
    return this.#policy.max;
  }

  /** Changes the most workers that run at the same time; surplus ones are retired when they are idle. */
  scale(max: number): void {
    this.#policy = { ...this.#policy, max };
    this.#evaluate();
    this.#deps.onChanged();
  }

  leased(): LeasedQuery[] {
    return [...this.#entries.values()].flatMap(({ state, workerId, queryId, rssBytes, condemned }) =>
      state === 'leased' && queryId !== null && condemned === null
        ? [{ workerId, queryId, rssBytes: rssBytes ?? 0 }]
        : [],
    );
  }

  get isEndingOne(): boolean {
    return [...this.#entries.values()].some(
      ({ state, condemned }) => state === 'killing' || condemned !== null,
    );
  }

  endForPressure(workerId: string, reason: string): boolean {
    return this.#endQuery(workerId, 'memory-pressure', { cause: 'memory-pressure', reason });
  }

  /** Tells the server to end a query with an error that tells why; its worker ends with it. Returns false when there is no such query. */
  #endQuery(workerId: string, code: 'memory-pressure' | 'memory-exceeded', ending: Ending): boolean {
    const entry = this.#entries.get(workerId);
    if (entry === undefined) return false;
    this.#endings.condemn(entry, code, ending);
    this.#evaluate();
    return true;
  }

  hear(message: FromChild): boolean {
    if (message.type === 'want-workers') {
      if (message.role !== this.role) return false;
      this.#leases.want(message);
      this.#evaluate();
      return true;
    }
    if (message.type !== 'lease' && message.type !== 'release' && message.type !== 'retired') return false;
    const entry = this.#entries.get(message.workerId);
    if (entry === undefined) return false;
    if (message.type === 'lease') this.#leases.begin(entry, message);
    else if (message.type === 'release') this.#leases.end(entry, message);
    else this.#leases.retired(entry, message.accepted);
    this.#evaluate();
    return true;
  }

  async refresh(): Promise<void> {
    await this.#outdated.look(this.#entries);
    this.#evaluate();
  }

  serverLost(): void {
    this.#outdated.serverLost(this.#entries.values());
    this.#leases.serverLost(this.#entries.values());
    this.#evaluate();
  }

  voidLease(workerId: string): void {
    const entry = this.#entries.get(workerId);
    if (entry !== undefined) this.#endings.kill(entry, SERVER_DIED);
    this.#evaluate();
  }

  tick({ mayFork, rssOf }: Round): void {
    this.#mayFork = mayFork;
    void this.refresh();
    for (const entry of this.#entries.values()) {
      entry.rssBytes = rssOf(entry.child);
      this.#endings.killOverdue(entry);
    }
    this.#evaluate();
  }

  #killWorker(child: ManagedChild, ending: Ending): void {
    const entry = this.#entries.get(child.workerId);
    if (entry !== undefined) this.#endings.kill(entry, ending, true);
    this.#evaluate();
  }

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

  #evaluate(): void {
    if (!this.#running) return;
    const nowMs = this.#deps.clock.monotonicMs();
    if ([...this.#entries.values()].some(isIdle)) this.#leases.forgetWaiting(nowMs);
    for (const decision of decideLeased(this.#table(nowMs), this.#policy, nowMs)) this.#carryOut(decision);
    this.#arm();
  }

  #table(nowMs: number): LeasedTable {
    return {
      rows: [...this.#entries.values()],
      waiting: this.#leases.waiting,
      lastLeaseAtMs: this.#leases.lastAtMs,
      startNotBeforeMs: nowMs + this.#brake.waitMs(),
      mayFork: this.#mayFork,
    };
  }

  #arm(): void {
    this.#clearTimer();
    const nowMs = this.#deps.clock.monotonicMs();
    const atMs = nextDecisionAtMs(this.#table(nowMs), this.#policy, nowMs);
    if (atMs !== null) this.#clearTimer = afterListening(Math.ceil(atMs - nowMs) + 1, () => this.#evaluate());
  }

  #carryOut(decision: LeasedDecision): void {
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
    if (limit !== null) this.#deps.stats.recycled(this.role, limit);
    entry.retiring = { cause: limit === null ? 'surplus' : 'recycle', reason };
    this.#deps.log.info(`${this.role}-retire`, { workerId, reason });
    this.#enter(entry, 'retiring');
    for (const other of this.#entries.values()) if (other.state === 'idle-fresh') other.replacing = false;
    if (!this.#deps.tellServer({ type: 'retire', role: this.role, workerId })) this.#endings.stop(entry);
  }

  #start({ replacing, reason }: Extract<LeasedDecision, { type: 'start' }>): void {
    const { clock, log, onConnectionsTaken } = this.#deps;
    const child = this.#deps.launch(freeSlot(this.children().map(({ identity }) => identity.slot)), {
      onReady: (ready) => this.#onReady(ready),
      onMessage: (from, message) => {
        if (message.type === 'connections-taken') onConnectionsTaken(from, message);
        else log.warn('unexpected-message', { workerId: from.workerId, type: message.type });
      },
      onGone: (gone, end) => this.#onGone(gone, end),
    });
    log.info(`${this.role}-start`, { workerId: child.workerId, reason });
    this.#entries.set(child.workerId, createEntry(child, replacing, clock.monotonicMs()));
  }

  #onReady(child: ManagedChild): void {
    const entry = this.#entries.get(child.workerId);
    if (entry?.state !== 'starting') return;
    if (this.#outdated.isOutdated(child)) {
      this.#killWorker(child, OUTDATED);
      return;
    }
    this.#enter(entry, 'idle-fresh');
    this.#deps.onReady();
    this.#deps.onChanged();
    this.#evaluate();
  }

  #onGone(child: ManagedChild, end: ChildEnd): void {
    const entry = this.#entries.get(child.workerId);
    this.#entries.delete(child.workerId);
    const { log, onChanged, onGone, onLost } = this.#deps;
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
      // A worker that crashes under a query must not delay the starts that other queries wait for.
      if (end.early && (entry?.state === 'starting' || entry?.state === 'idle-fresh')) this.#brake.fail();
      onLost(child, end);
    }
    onGone(child);
    onChanged();
    this.#evaluate();
  }

  #enter(entry: LeasedEntry, state: LeasedState): void {
    enterState(entry, state, this.#deps.clock.monotonicMs());
  }
}
