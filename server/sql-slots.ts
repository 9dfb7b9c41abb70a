/**
 * The server's view of the SQL workers: each offers as many slots as it has database connections, a slot is one
 * unix socket. A query takes a slot of the worker with the most free ones, and gives it back when the worker
 * has replied: a slot with a call still running is never handed out again.
 */
import type { WorkerAddress } from '../monitor/messages.ts';
import { WorkerSocket } from '../workers/client.ts';
import type { SqlWorkerCalls } from '../workers/sql/messages.ts';
import { Lane } from './lane.ts';

export type SqlSocket = WorkerSocket<SqlWorkerCalls>;
type SqlAddress = Extract<WorkerAddress, { role: 'sql' }>;

export interface SqlSlot {
  readonly socket: SqlSocket;
  readonly pid: number;
  /** Gives the slot back. A slot whose call still runs must be closed instead. */
  release(): void;
}

interface SqlWorker {
  readonly address: SqlAddress;
  readonly free: Set<SqlSocket>;
  readonly all: Set<SqlSocket>;
  listed: boolean;
}

const RECONNECT_MS = 50;

export interface SqlSlotsOptions {
  readonly queueLength: number;
  readonly queueWaitMs: number;
}

export class SqlSlots {
  readonly lane: Lane<SqlSlot>;
  readonly #workers = new Map<string, SqlWorker>();

  constructor(options: SqlSlotsOptions) {
    this.lane = new Lane({ name: 'database connection', ...options, take: (count) => this.#takeAll(count) });
  }

  get free(): number {
    return sum(this.#workers, (worker) => worker.free.size);
  }

  get total(): number {
    return sum(this.#workers, (worker) => worker.all.size);
  }

  get workerCount(): number {
    return this.#workers.size;
  }

  /** The monitor's whole list of ready SQL workers. */
  update(addresses: readonly SqlAddress[]): void {
    const listed = new Set(addresses.map((address) => address.workerId));
    for (const [workerId, worker] of this.#workers) if (!listed.has(workerId)) this.#drop(workerId, worker);
    for (const address of addresses) if (!this.#workers.has(address.workerId)) this.#add(address);
  }

  close(): void {
    for (const [workerId, worker] of this.#workers) this.#drop(workerId, worker);
  }

  #add(address: SqlAddress): void {
    const worker: SqlWorker = { address, free: new Set(), all: new Set(), listed: true };
    this.#workers.set(address.workerId, worker);
    for (let slot = 0; slot < address.slots; slot++) this.#open(worker);
  }

  /** Running calls go on; their sockets close when they are released. */
  #drop(workerId: string, worker: SqlWorker): void {
    worker.listed = false;
    this.#workers.delete(workerId);
    for (const socket of worker.free) socket.close();
    worker.free.clear();
  }

  #open(worker: SqlWorker): void {
    const socket: SqlSocket = new WorkerSocket<SqlWorkerCalls>({
      workerId: worker.address.workerId,
      socketPath: worker.address.socketPath,
      onConnect: () => {
        worker.all.add(socket);
        worker.free.add(socket);
        this.lane.offer();
      },
      onClose: () => {
        worker.all.delete(socket);
        worker.free.delete(socket);
        if (worker.listed) setTimeout(() => worker.listed && this.#open(worker), RECONNECT_MS);
      },
    });
  }

  #takeAll(count: number): readonly SqlSlot[] | null {
    if (this.free < count) return null;
    return Array.from({ length: count }, () => this.#take());
  }

  /** There is a free one. */
  #take(): SqlSlot {
    let best: SqlWorker | null = null;
    for (const worker of this.#workers.values()) {
      if (worker.free.size > 0 && (best === null || worker.free.size > best.free.size)) best = worker;
    }
    const worker = best!;
    const socket = worker.free.values().next().value!;
    worker.free.delete(socket);
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      if (socket.closed) return;
      if (!worker.listed || socket.busy) {
        socket.close();
        return;
      }
      worker.free.add(socket);
      this.lane.offer();
    };
    return { socket, pid: worker.address.pid, release };
  }
}

function sum(workers: ReadonlyMap<string, SqlWorker>, count: (worker: SqlWorker) => number): number {
  let total = 0;
  for (const worker of workers.values()) total += count(worker);
  return total;
}
