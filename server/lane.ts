/**
 * A queue in front of something scarce (a database slot, a DSL worker): first come, first served, bounded in
 * length and in waiting time. Who needs several gets them at once, and is not overtaken meanwhile by who needs one. A
 * lane holds no resources itself.
 */
import { QueryError } from '../workers/errors.ts';

export interface LaneOptions<T> {
  readonly name: string;
  readonly queueLength: number;
  readonly queueWaitMs: number;
  /** So many at once, or null: never some of them, which two queries could hold while each waits for the rest. */
  take(count: number): readonly T[] | null;
  /** Called when a query has to wait. */
  onWait?(waiting: number): void;
}

interface Waiter<T> {
  readonly count: number;
  resolve(resources: readonly T[]): void;
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
  async acquire(signal: AbortSignal): Promise<T> {
    const [resource] = await this.acquireAll(signal, 1);
    return resource!; // as many as were asked for
  }

  /** `count` of them, at once. Rejects as `acquire` does. */
  acquireAll(signal: AbortSignal, count: number): Promise<readonly T[]> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const resources = this.#waiters.size === 0 ? this.#options.take(count) : null;
    if (resources !== null) return Promise.resolve(resources);
    if (this.#waiters.size >= this.#options.queueLength) return Promise.reject(this.#full());
    return this.#wait(signal, count);
  }

  /** Something may have become free: serve those who wait. */
  offer(): void {
    for (const waiter of this.#waiters) {
      const resources = this.#options.take(waiter.count);
      if (resources === null) return;
      waiter.resolve(resources);
    }
  }

  #wait(signal: AbortSignal, count: number): Promise<readonly T[]> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiters.delete(waiter);
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter<T> = {
        count,
        since: performance.now(),
        resolve: (resources) => {
          leave();
          resolve(resources);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = (): void => waiter.reject(signal.reason);
      const timer = setTimeout(() => waiter.reject(this.#timedOut(count)), this.#options.queueWaitMs);
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

  #timedOut(count: number): QueryError {
    const { name, queueWaitMs } = this.#options;
    return new QueryError(
      'queue-timeout',
      `${count === 1 ? `no ${name}` : `no ${count} of ${name}`} became free within ${queueWaitMs} ms`,
      {
        hint: 'The server is busy with other queries; GET /v1/queries shows them. Try again later.',
        limit: { name: 'queueWaitMs', value: queueWaitMs },
        retryAfterSeconds: 2,
      },
    );
  }
}
