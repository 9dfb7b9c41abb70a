/**
 * The SQL workers as the server knows them. Each offers as many slots as it has database connections; a slot is one unix
 * socket. A query takes a slot of the worker with the most free ones, and gives it back when the worker has replied: a slot
 * with a running call is never given to another query. A worker that the monitor no longer lists gets nothing new, finishes
 * what runs, and is reported as retired once its last socket has closed.
 *
 * A query with stages in a worker is long: it holds its slots for as long as the stages read its rows. Long queries together
 * never hold the last quarter of the slots (at least one, if there are two), so that a query that the database answers alone
 * need not wait for a long one to end. While the other workers have room, one worker runs no long query at all: the system
 * gives the CPU sooner to a process that has slept than to one that was busy.
 */
import { removeItem } from '../../core/process/remove-item.ts';
import type { WorkerAddress } from '../../core/protocol/monitor.ts';
import type { ProgressMessage } from '../../core/protocol/source-progress.ts';
import type { SqlWorkerCalls } from '../../core/protocol/sql-worker.ts';
import { Lane } from './lane.ts';
import { PrincipalShares } from './principal-shares.ts';
import { WorkerSocket } from './worker-socket.ts';

export type SqlSocket = WorkerSocket<SqlWorkerCalls>;
type SqlAddress = Extract<WorkerAddress, { role: 'sql' }>;

export interface SqlSlot {
  readonly socket: SqlSocket;
  readonly pid: number;
  /** After the worker's death, tells whether other queries ran in it too. */
  wasShared(): boolean;
  /** Gives the slot back. If its call still runs, the socket must be closed instead. */
  release(): void;
  /** Reports that the slot's call was cancelled, and how long the worker took to end it. */
  cancelled(elapsedMs: number): void;
}

interface SqlWorker {
  readonly address: SqlAddress;
  readonly free: SqlSocket[];
  readonly all: Set<SqlSocket>;
  /** Sockets that are no slots. */
  readonly beside: Set<SqlSocket>;
  /** The slots that long queries hold. */
  readonly long: Set<SqlSocket>;
  listed: boolean;
  /** The number of slots in use when the worker's first socket closed unexpectedly; null while the worker lives. */
  takenAtLoss: number | null;
}

const RECONNECT_MS = 50;
/** The name of what is asked to know that a worker lives; queries have others. */
const PING = 'ping';
/** The share of all slots that long queries never take. */
const KEPT_SHARE = 0.25;

export interface SqlSlotsOptions {
  readonly queueLength: number;
  readonly queueWaitMs: number;
  /** The percentage of all slots that one principal may hold while others want some; 100 (all) when left out. */
  readonly clientSharePercent?: number;
  /** Called when a worker that the monitor wants to replace runs nothing any more. */
  onRetired(workerId: string): void;
  /** Called with the time between the abort of a query and its worker's reply. */
  onCancelled?(elapsedMs: number): void;
  /** Called when a database tells how far it has come with a query. */
  onProgress?(message: ProgressMessage): void;
}

export class SqlSlots {
  readonly lane: Lane<SqlSlot>;
  readonly #onCancelled: (elapsedMs: number) => void;
  readonly #onProgress: (message: ProgressMessage) => void;
  readonly #workers = new Map<string, SqlWorker>();
  /** Workers that are no longer listed, but in which queries still run. */
  readonly #leaving = new Map<string, SqlWorker>();
  readonly #retiring = new Set<string>();
  readonly #onRetired: (workerId: string) => void;

  constructor({
    queueLength,
    queueWaitMs,
    clientSharePercent = 100,
    onRetired,
    onCancelled = () => {},
    onProgress = () => {},
  }: SqlSlotsOptions) {
    this.#onRetired = onRetired;
    this.#onCancelled = onCancelled;
    this.#onProgress = onProgress;
    this.lane = new Lane({
      name: 'database connection',
      queueLength,
      queueWaitMs,
      shares: new PrincipalShares({ capacity: () => this.total, percent: clientSharePercent }),
      take: (count, long, principalId) => this.#takeAll(count, long, principalId),
      mayTakeLong: (count) => this.#mayTakeLong(count),
    });
  }

  get free(): number {
    return sum(this.#workers, (worker) => worker.free.length);
  }

  get total(): number {
    return sum(this.#workers, (worker) => worker.all.size);
  }

  get workerCount(): number {
    return this.#workers.size;
  }

  /** Takes the monitor's complete list of ready SQL workers. */
  update(addresses: readonly SqlAddress[]): void {
    const listed = new Set(addresses.map((address) => address.workerId));
    for (const [workerId, worker] of this.#workers) if (!listed.has(workerId)) this.#drop(workerId, worker);
    for (const address of addresses) if (!this.#workers.has(address.workerId)) this.#add(address);
  }

  /** Reports, now or when its last query has ended, that a worker which the monitor no longer lists runs nothing any more. */
  retire(workerId: string): void {
    if (this.#leaving.has(workerId)) this.#retiring.add(workerId);
    else this.#onRetired(workerId);
  }

  /** Opens a socket beside the slots, for a call that lasts; null while there is no worker. It is closed when its worker is no longer listed. */
  openBeside(): SqlSocket | null {
    const worker = this.#workers.values().next().value;
    if (worker === undefined) return null;
    const { workerId, socketPath } = worker.address;
    const socket: SqlSocket = new WorkerSocket<SqlWorkerCalls>({
      ...{ workerId, socketPath },
      onConnect: () => {},
      onClose: () => void worker.beside.delete(socket),
    });
    worker.beside.add(socket);
    return socket;
  }

  close(): void {
    for (const [workerId, worker] of this.#workers) this.#drop(workerId, worker);
  }

  #add(address: SqlAddress): void {
    const worker: SqlWorker = {
      address,
      free: [],
      all: new Set(),
      beside: new Set(),
      long: new Set(),
      listed: true,
      takenAtLoss: null,
    };
    this.#workers.set(address.workerId, worker);
    for (let slot = 0; slot < address.slots; slot++) this.#open(worker);
  }

  /** Removes a worker. Its running calls go on; their sockets close when they are released. */
  #drop(workerId: string, worker: SqlWorker): void {
    worker.listed = false;
    this.#workers.delete(workerId);
    const idle = worker.free.splice(0);
    for (const socket of idle) worker.all.delete(socket);
    if (worker.all.size > 0) this.#leaving.set(workerId, worker);
    for (const socket of [...idle, ...worker.beside]) socket.close();
  }

  #onSlotGone({ address: { workerId }, all }: SqlWorker): void {
    if (all.size > 0 || !this.#leaving.delete(workerId)) return;
    if (this.#retiring.delete(workerId)) this.#onRetired(workerId);
  }

  #open(worker: SqlWorker): void {
    const socket: SqlSocket = new WorkerSocket<SqlWorkerCalls>({
      workerId: worker.address.workerId,
      socketPath: worker.address.socketPath,
      onProgress: this.#onProgress,
      onConnect: () => {
        if (!worker.listed) {
          socket.close(); // the worker was removed before the socket connected
          return;
        }
        worker.takenAtLoss = null;
        worker.all.add(socket);
        worker.free.push(socket);
        this.lane.offer();
      },
      onClose: () => {
        worker.takenAtLoss ??= worker.all.size - worker.free.length;
        worker.all.delete(socket);
        removeItem(worker.free, socket);
        worker.long.delete(socket);
        this.#onSlotGone(worker);
        this.#doubt(worker);
        if (worker.listed) setTimeout(() => worker.listed && this.#open(worker), RECONNECT_MS);
      },
    });
  }

  /**
   * A worker that dies closes its sockets one after the other, on a busy machine with time between them: the free ones are given
   * to nobody until the worker has answered on them, or the next query would be lost with them.
   */
  #doubt(worker: SqlWorker): void {
    const doubted = worker.free.splice(0);
    for (const socket of doubted)
      socket.call({ type: 'ping', queryId: PING }).then(
        () => this.#trust(worker, socket),
        () => {}, // the socket has closed, which `onClose` sees
      );
    this.lane.offer(); // another query may now take what the lost one held
  }

  #trust(worker: SqlWorker, socket: SqlSocket): void {
    if (worker.listed) worker.free.push(socket);
    else {
      worker.all.delete(socket);
      socket.close();
      this.#onSlotGone(worker);
    }
    this.lane.offer();
  }

  /** Tells whether a long query may take `count` slots. When no other long query runs it may take any number: otherwise it might never run. */
  #mayTakeLong(count: number): boolean {
    const { total } = this;
    const kept = total < 2 ? 0 : Math.max(1, Math.floor(total * KEPT_SHARE));
    const held = sum(this.#workers, ({ long }) => long.size);
    return held === 0 || held + count <= total - kept;
  }

  /** Returns the worker with the most free slots, except the one with the fewest long queries; null when the others have no room. */
  #besideQuietest(): SqlWorker | null {
    const byLong = [...this.#workers.values()].sort((a, b) => a.long.size - b.long.size);
    return freest(byLong.slice(1));
  }

  #takeAll(count: number, long: boolean, principalId: string): readonly SqlSlot[] | null {
    if (this.free < count) return null;
    const slots: SqlSlot[] = [];
    while (slots.length < count) slots.push(this.#take(long, principalId));
    return slots;
  }

  /** Takes a slot. The caller has checked that there is a free one. */
  #take(long: boolean, principalId: string): SqlSlot {
    const worker = (long ? this.#besideQuietest() : null) ?? freest(this.#workers.values())!;
    const socket = worker.free.pop()!;
    if (long) worker.long.add(socket);
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      worker.long.delete(socket);
      this.lane.returned(principalId);
      if (socket.closed) {
        this.lane.offer(); // serves queries that waited only because their principal's share was used up
        return;
      }
      if (!worker.listed || socket.busy) {
        socket.close();
        return;
      }
      worker.free.push(socket);
      this.lane.offer();
    };
    const wasShared = () => (worker.takenAtLoss ?? 1) > 1;
    const cancelled = this.#onCancelled;
    return { socket, pid: worker.address.pid, wasShared, release, cancelled };
  }
}

/** Returns the worker with the most free slots; null when none has any. */
function freest(workers: Iterable<SqlWorker>): SqlWorker | null {
  let best: SqlWorker | null = null;
  for (const worker of workers) if (worker.free.length > (best?.free.length ?? 0)) best = worker;
  return best;
}

function sum(workers: ReadonlyMap<string, SqlWorker>, count: (worker: SqlWorker) => number): number {
  let total = 0;
  for (const worker of workers.values()) total += count(worker);
  return total;
}
