/**
 * The DSL workers as the server knows them. The server leases them to queries and scrubs them after each; the monitor starts,
 * replaces and kills them, and is told of every lease with its deadline.
 *
 *   connecting -> idle <-> leased
 *                  ^          | release(reusable)
 *                  +- scrubbing        release(discard) -> gone (the monitor kills and replaces it)
 *                  idle --retire--> gone
 *   any --socket closed--> gone (the monitor is told, since a worker that still lives would never be used again)
 *
 * A worker that never served a query is preferred to one that was scrubbed.
 */
import type { DslWorkerCalls } from '../../core/protocol/dsl-worker.ts';
import type { FromChild, WorkerAddress } from '../../core/protocol/monitor.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import { Lane } from './lane.ts';
import { PrincipalShares } from './principal-shares.ts';
import { WorkerSocket } from './worker-socket.ts';

export type DslSocket = WorkerSocket<DslWorkerCalls>;
type DslAddress = Extract<WorkerAddress, { role: 'dsl' }>;

/** The query that a worker is leased to, as the monitor is told. */
export interface LeasedFor {
  readonly queryId: string;
  readonly principal: Principal;
  readonly deadlineAt: number;
}

export interface DslLease {
  readonly socket: DslSocket;
  readonly pid: number;
  readonly fifoPath: string;
  /** Tells the monitor which query uses the worker, and until when. */
  begin(query: LeasedFor): void;
  release(outcome: 'reusable' | 'discard', reason: string): void;
}

type State = 'connecting' | 'idle' | 'leased' | 'scrubbing' | 'gone';

interface DslWorker {
  readonly address: DslAddress;
  socket: DslSocket;
  state: State;
  served: number;
  /** Whether it may serve no further query, since its sandbox shows other files than are wanted now. */
  isOutdated: boolean;
}

export interface DslStockOptions {
  readonly queueLength: number;
  readonly queueWaitMs: number;
  readonly reuse: 'auto' | 'never';
  readonly maxQueriesPerWorker: number;
  /** The most workers that run at the same time; `update` changes it. */
  readonly max: number;
  /** The percentage of them that one principal may hold while others want some; 100 (all) when left out. */
  readonly clientSharePercent?: number;
  tell(message: FromChild): void;
  onScrubFailed(workerId: string, error: unknown): void;
}

const OUTDATED = 'its sandbox shows other files than are wanted now';
/** The share that is kept for short queries. */
const KEPT_SHARE = 0.25;

export class DslStock {
  readonly lane: Lane<DslLease>;
  readonly #options: DslStockOptions;
  readonly #workers = new Map<string, DslWorker>();
  #max: number;
  /** Workers of queries that wait for the network most of the time. */
  #long = 0;
  /** Workers that were given up, and may still be in the monitor's next list. */
  readonly #refused = new Set<string>();
  /** The number of queries that got a worker that had never served, and of those that got a scrubbed one. */
  readonly leases = { fresh: 0, scrubbed: 0 };

  constructor(options: DslStockOptions) {
    this.#options = options;
    this.#max = options.max;
    this.lane = new Lane({
      name: 'DSL worker',
      queueLength: options.queueLength,
      queueWaitMs: options.queueWaitMs,
      shares: new PrincipalShares({ capacity: () => this.#max, percent: options.clientSharePercent ?? 100 }),
      take: (_count, long, principalId) => this.#take(principalId, long), // a query needs one worker
      mayTakeLong: () => this.#mayTakeLong(),
      onWait: (waiting) => options.tell({ type: 'want-workers', role: 'dsl', waiting, isNew: true }),
    });
  }

  /** Returns the number of workers in each state, for metrics and readiness. */
  counts(): Record<State, number> {
    const counts: Record<State, number> = { connecting: 0, idle: 0, leased: 0, scrubbing: 0, gone: 0 };
    for (const worker of this.#workers.values()) counts[worker.state]++;
    return counts;
  }

  /** Takes the monitor's complete list of ready DSL workers, and the most that may run. */
  update(addresses: readonly DslAddress[], max = this.#max): void {
    this.#max = max;
    const listed = new Set(addresses.map((address) => address.workerId));
    for (const worker of this.#workers.values()) {
      if (!listed.has(worker.address.workerId) && worker.state !== 'leased') this.#forget(worker);
    }
    for (const workerId of this.#refused) if (!listed.has(workerId)) this.#refused.delete(workerId);
    for (const address of addresses) {
      if (!this.#workers.has(address.workerId) && !this.#refused.has(address.workerId)) this.#add(address);
    }
  }

  /** Gives a worker up if it is idle, because the monitor wants to replace it, and tells the monitor whether it did. */
  retire(workerId: string): void {
    const worker = this.#workers.get(workerId);
    const accepted = worker === undefined || worker.state === 'idle';
    if (accepted) this.#refused.add(workerId);
    if (worker !== undefined && accepted) this.#forget(worker);
    this.#options.tell({ type: 'retired', workerId, accepted });
  }

  /** Gives these workers up: those that run a query once it has ended. */
  giveUpOutdated(workerIds: readonly string[]): void {
    for (const workerId of workerIds) {
      const worker = this.#workers.get(workerId);
      if (worker === undefined) continue;
      worker.isOutdated = true;
      if (worker.state !== 'leased') this.#giveUp(worker, null, OUTDATED);
    }
  }

  close(): void {
    for (const worker of [...this.#workers.values()]) this.#forget(worker);
  }

  #add(address: DslAddress): void {
    const worker: DslWorker = {
      address,
      state: 'connecting',
      served: 0,
      isOutdated: false,
      socket: new WorkerSocket<DslWorkerCalls>({
        workerId: address.workerId,
        socketPath: address.socketPath,
        onConnect: () => this.#becomeIdle(worker),
        onClose: () => this.#onClose(worker),
      }),
    };
    this.#workers.set(address.workerId, worker);
  }

  #forget(worker: DslWorker): void {
    worker.state = 'gone';
    worker.socket.close();
    if (this.#workers.get(worker.address.workerId) === worker) this.#workers.delete(worker.address.workerId);
  }

  /** Handles a socket that this process did not close. A leased worker is reported by its lease, which knows the query. */
  #onClose(worker: DslWorker): void {
    if (worker.state === 'leased') this.#refuse(worker);
    else if (worker.state !== 'gone') this.#giveUp(worker, null, 'its socket closed');
  }

  #giveUp(worker: DslWorker, queryId: string | null, reason: string): void {
    const { workerId } = worker.address;
    this.#options.tell({ type: 'release', workerId, queryId, outcome: 'discard', reason });
    this.#tellWaiting();
    this.#refuse(worker);
  }

  /**
   * Tells the monitor how many queries wait, after a worker was given up: it may have forgotten those that waited while one was
   * idle (for their principal's share), and would start none for them.
   */
  #tellWaiting(): void {
    const { waiting } = this.lane;
    if (waiting > 0) this.#options.tell({ type: 'want-workers', role: 'dsl', waiting, isNew: false });
  }

  #becomeIdle(worker: DslWorker): void {
    if (worker.state === 'gone') return;
    worker.state = 'idle';
    this.lane.offer();
  }

  /** Keeps a quarter of the workers, and at least one, for queries that do not wait for the network. */
  #mayTakeLong(): boolean {
    const kept = this.#max < 2 ? 0 : Math.max(1, Math.floor(this.#max * KEPT_SHARE));
    return this.#long === 0 || this.#long + 1 <= this.#max - kept;
  }

  #take(principalId: string, long: boolean): readonly DslLease[] | null {
    let best: DslWorker | null = null;
    for (const worker of this.#workers.values()) {
      if (worker.state === 'idle' && (best === null || worker.served < best.served)) best = worker;
    }
    if (best === null) return null;
    best.state = 'leased';
    return [this.#lease(best, principalId, long)];
  }

  #lease(worker: DslWorker, principalId: string, long: boolean): DslLease {
    const { workerId, pid, fifoPath } = worker.address;
    let queryId: string | null = null;
    let released = false;
    if (long) this.#long++;
    return {
      socket: worker.socket,
      pid,
      fifoPath,
      begin: (query) => {
        queryId = query.queryId;
        this.leases[worker.served === 0 ? 'fresh' : 'scrubbed']++;
        const { principal, deadlineAt } = query;
        this.#options.tell({ type: 'lease', workerId, queryId, principal: principal.id, deadlineAt });
      },
      release: (outcome, reason) => {
        if (released) return;
        released = true;
        if (long) this.#long--;
        this.lane.returned(principalId);
        this.#release(worker, queryId, outcome, reason);
        this.lane.offer(); // serves queries that waited only because their principal's share was used up
      },
    };
  }

  #release(worker: DslWorker, queryId: string | null, outcome: 'reusable' | 'discard', reason: string): void {
    const { reuse, maxQueriesPerWorker } = this.#options;
    if (queryId === null) {
      // The lease never began, so the worker is unused.
      if (worker.state === 'leased' && worker.isOutdated) this.#giveUp(worker, null, OUTDATED);
      else if (worker.state === 'leased') this.#becomeIdle(worker);
      return;
    }
    worker.served++;
    const spent = reuse === 'never' || worker.served >= maxQueriesPerWorker || worker.isOutdated;
    const keep = outcome === 'reusable' && !spent && worker.state === 'leased';
    const worn = worker.isOutdated ? OUTDATED : `served ${worker.served} (dsl.reuse ${reuse})`;
    const why = outcome === 'reusable' && spent ? worn : reason;
    const { workerId } = worker.address;
    this.#options.tell({
      type: 'release',
      workerId,
      queryId,
      outcome: keep ? 'reusable' : 'discard',
      reason: why,
    });
    if (keep) {
      void this.#scrub(worker, queryId);
      return;
    }
    this.#tellWaiting();
    this.#refuse(worker);
  }

  #refuse(worker: DslWorker): void {
    this.#refused.add(worker.address.workerId);
    this.#forget(worker);
  }

  async #scrub(worker: DslWorker, queryId: string): Promise<void> {
    worker.state = 'scrubbing';
    try {
      await worker.socket.call({ type: 'scrub', queryId });
      this.#becomeIdle(worker);
    } catch (thrown) {
      // The worker was closed meanwhile, by us (drain, the monitor's list) or by its death: the scrub itself did not fail.
      if (isGone(worker)) return;
      this.#options.onScrubFailed(worker.address.workerId, thrown);
      this.#giveUp(worker, queryId, 'scrub failed');
    }
  }
}

/** Tells whether the worker is gone. A function, because TypeScript assumes that the state is still the one last assigned. */
function isGone({ state }: DslWorker): boolean {
  return state === 'gone';
}
