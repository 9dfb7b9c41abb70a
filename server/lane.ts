/**
 * A queue in front of something scarce (a database slot, a DSL worker): first come, first served, bounded in
 * length and in waiting time. A lane holds no resources itself; `take` gives one or null.
 */
import { QueryError } from '../workers/errors.ts';

export interface LaneOptions<T> {
  readonly name: string;
  readonly queueLength: number;
  readonly queueWaitMs: number;
  take(): T | null;
  /** Called when a query has to wait. */
  onWait?(waiting: number): void;
}

interface Waiter<T> {
  resolve(resource: T): void;
  reject(error: unknown): void;
  readonly since: number;
}

export class Lane<T> {
  readonly #options: LaneOptions<T>;
  readonly #waiters = new Set<Waiter<T>>();

  constructor(options: LaneOptions<T>) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** Milliseconds that the first in the queue has waited; 0 when nobody waits. */
  oldestWaitMs(now: number): number {
    const first = this.#waiters.values().next();
    return first.done === true ? 0 : now - first.value.since;
  }

  /** Rejects with queue-full, queue-timeout, or the signal's reason. */
  acquire(signal: AbortSignal): Promise<T> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const resource = this.#waiters.size === 0 ? this.#options.take() : null;
    if (resource !== null) return Promise.resolve(resource);
    if (this.#waiters.size >= this.#options.queueLength) return Promise.reject(this.#full());
    return this.#wait(signal);
  }

  /** Something may have become free: serve those who wait. */
  offer(): void {
    for (const waiter of this.#waiters) {
      const resource = this.#options.take();
      if (resource === null) return;
      waiter.resolve(resource);
    }
  }

  #wait(signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiters.delete(waiter);
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter<T> = {
        since: performance.now(),
        resolve: (resource) => {
          leave();
          resolve(resource);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = (): void => waiter.reject(signal.reason);
      const timer = setTimeout(() => waiter.reject(this.#timedOut()), this.#options.queueWaitMs);
      signal.addEventListener('abort', onAbort);
      this.#waiters.add(waiter);
      this.#options.onWait?.(this.#waiters.size);
    });
  }

  #full(): QueryError {
    const { name, queueLength } = this.#options;
    return new QueryError('queue-full', `${queueLength} queries already wait for a ${name}`, {
      hint: 'Try again in a moment, or send fewer queries at once.',
      limit: { name: 'queueLength', value: queueLength, observed: this.#waiters.size },
      retryAfterSeconds: 1,
    });
  }

  #timedOut(): QueryError {
    const { name, queueWaitMs } = this.#options;
    return new QueryError('queue-timeout', `no ${name} became free within ${queueWaitMs} ms`, {
      hint: 'The server is busy with other queries; GET /v1/queries shows them. Try again later.',
      limit: { name: 'queueWaitMs', value: queueWaitMs },
      retryAfterSeconds: 2,
    });
  }
}
