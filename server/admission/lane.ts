/**
 * A queue in front of something scarce (a database slot, a DSL worker), bounded in length and in waiting time. Fair
 * between clients: what becomes free goes to the clients in turn, and within a client to who came first, so that one
 * who sends a hundred queries at once holds up another's single one by one turn. When the queue is full, the newest
 * of the client with the most makes room for one with fewer. Who needs several resources gets them at once, and is
 * not overtaken meanwhile. A lane holds no resources itself.
 *
 * With `shares` a client that holds as much as it may waits although something is free, and others pass it.
 *
 * Some askers may be marked as long: the owner may keep resources from them (`mayTakeLong`), and then those who are not
 * long pass them, since what is kept is of no use to who waits. Among themselves the long ones stay in order.
 */
import type { Cancellation } from '../../core/process/cancellation.ts';
import { removeItem } from '../../core/process/remove-item.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { ClientShares } from './client-shares.ts';

export interface LaneOptions<T> {
  readonly name: string;
  readonly queueLength: number;
  readonly queueWaitMs: number;
  /** So many at once, or null: never some of them, which two queries could hold while each waits for the rest. */
  take(count: number, long: boolean, client: string): readonly T[] | null;
  /** What each client may hold; left out: everything. Whoever gives one back says so by `returned`. */
  readonly shares?: ClientShares;
  /** Whether one who is long may have so many, were they free; left out: always. */
  mayTakeLong?(count: number): boolean;
  /** Called when a query has to wait. */
  onWait?(waiting: number): void;
}

/** Who asks, and what ends the asking. */
export interface Asker {
  readonly client: string;
  readonly cancellation: Cancellation;
}

interface Waiter<T> {
  readonly count: number;
  readonly long: boolean;
  readonly client: string;
  readonly since: number;
  resolve(resources: readonly T[]): void;
  reject(error: unknown): void;
}

export class Lane<T> {
  readonly #options: LaneOptions<T>;
  /** By client, whose turn it is first; no entry is empty. */
  readonly #queues = new Map<string, Waiter<T>[]>();
  #waiting = 0;
  /** How often somebody came and nothing was free. */
  misses = 0;

  constructor(options: LaneOptions<T>) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get queueLength(): number {
    return this.#options.queueLength;
  }

  /** Milliseconds that the one who waits longest has waited; 0 when nobody waits. */
  oldestWaitMs(now: number): number {
    let oldest = now;
    for (const [first] of this.#queues.values()) oldest = Math.min(oldest, first!.since);
    return now - oldest;
  }

  /** Rejects with queue-full, queue-timeout, or what cancelled it. */
  acquire(asker: Asker): Promise<T> {
    return this.acquireAll(asker, 1).then(([resource]) => resource!); // as many as were asked for
  }

  /** `count` of them, at once. Rejects as `acquire` does. */
  acquireAll(asker: Asker, count: number, long = false): Promise<readonly T[]> {
    const { reason } = asker.cancellation;
    if (reason !== null) return Promise.reject(reason);
    const resources = this.#isNext(asker.client, count, long) ? this.#take(asker.client, count, long) : null;
    if (resources !== null) return Promise.resolve(resources);
    this.misses++;
    if (this.#waiting >= this.#options.queueLength && !this.#makeRoom(asker.client))
      return Promise.reject(this.#full());
    return this.#wait(asker, count, long);
  }

  /** Something may have become free: serve those who wait. */
  offer(): void {
    for (;;) {
      const waiter = this.#next(false);
      if (waiter === null) return;
      const resources = this.#take(waiter.client, waiter.count, waiter.long);
      if (resources === null) return;
      const queue = this.#queues.get(waiter.client)!; // it waits there
      waiter.resolve(resources);
      this.#turnOver(waiter.client, queue);
    }
  }

  /** Whether somebody who comes now waits for nobody. */
  #isNext(client: string, count: number, long: boolean): boolean {
    if (this.#waiting > 0 && (this.#next(long) !== null || this.#hasEarlier(client, long))) return false;
    return !(long && this.#isKept(count)) && this.#mayHold(client, count);
  }

  /**
   * The next waiter to serve, or null. Skips clients that hold as much as they may, and with `evenKept` false also long
   * waiters from whom resources are kept.
   */
  #next(evenKept: boolean): Waiter<T> | null {
    let kept = false;
    for (const queue of this.#queues.values()) {
      for (const waiter of queue) {
        kept ||= !evenKept && waiter.long && this.#isKept(waiter.count);
        if (kept && waiter.long) continue;
        if (this.#mayHold(waiter.client, waiter.count)) return waiter;
        break; // a client's own order stays
      }
    }
    return null;
  }

  /** Whether the client itself waits already, for what one that comes now must not overtake. */
  #hasEarlier(client: string, long: boolean): boolean {
    const queue = this.#queues.get(client);
    return queue?.some((waiter) => long || !waiter.long || !this.#isKept(waiter.count)) ?? false;
  }

  #mayHold(client: string, count: number): boolean {
    const { shares } = this.#options;
    if (shares === undefined) return true;
    const othersWait = this.#queues.size > (this.#queues.has(client) ? 1 : 0);
    return shares.allow(client, count, othersWait);
  }

  #take(client: string, count: number, long: boolean): readonly T[] | null {
    const resources = this.#options.take(count, long, client);
    if (resources !== null) this.#options.shares?.taken(client, count);
    return resources;
  }

  /** The client has given one back; `offer` follows when somebody else may have it. */
  returned(client: string): void {
    this.#options.shares?.returned(client);
  }

  #isKept(count: number): boolean {
    return this.#options.mayTakeLong?.(count) === false;
  }

  /** The client goes behind the others, if there are others. */
  #turnOver(client: string, queue: Waiter<T>[]): void {
    if (this.#queues.size < 2 || !this.#queues.delete(client)) return;
    if (queue.length > 0) this.#queues.set(client, queue);
  }

  /** Refuses the newest of the client with the most, if `client` would still have fewer than that one. */
  #makeRoom(client: string): boolean {
    let most: Waiter<T>[] = [];
    for (const queue of this.#queues.values()) if (queue.length > most.length) most = queue;
    const own = this.#queues.get(client)?.length ?? 0;
    if (most.length <= own + 1) return false;
    most.at(-1)!.reject(this.#full());
    return true;
  }

  #wait({ client, cancellation }: Asker, count: number, long: boolean): Promise<readonly T[]> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#remove(waiter);
        clearTimeout(timer);
        cancellation.offCancel(onCancel);
      };
      const waiter: Waiter<T> = {
        count,
        long,
        client,
        since: performance.now(),
        resolve: (resources) => {
          leave();
          resolve(resources);
        },
        reject: (error) => {
          leave();
          reject(error);
          this.offer(); // to those whom only this one kept from theirs
        },
      };
      const onCancel = (): void => waiter.reject(cancellation.reason);
      const timer = setTimeout(() => waiter.reject(this.#timedOut(count, client)), this.#options.queueWaitMs);
      cancellation.onCancel(onCancel);
      this.#add(waiter);
      this.#options.onWait?.(this.#waiting);
    });
  }

  #add(waiter: Waiter<T>): void {
    const queue = this.#queues.get(waiter.client);
    if (queue === undefined) this.#queues.set(waiter.client, [waiter]);
    else queue.push(waiter);
    this.#waiting++;
  }

  #remove(waiter: Waiter<T>): void {
    const queue = this.#queues.get(waiter.client) ?? [];
    if (!removeItem(queue, waiter)) return;
    if (queue.length === 0) this.#queues.delete(waiter.client);
    this.#waiting--;
  }

  #full(): QueryError {
    const { name, queueLength } = this.#options;
    return new QueryError('queue-full', `${queueLength} queries already wait for a ${name}`, {
      hint: 'Try again in a moment, or send fewer queries at once.',
      limit: { name: 'queueLength', value: queueLength, observed: this.#waiting },
      retryAfterSeconds: 1,
    });
  }

  #timedOut(count: number, client: string): QueryError {
    const { name, queueWaitMs } = this.#options;
    const what = count === 1 ? `no ${name}` : `no ${count} of ${name}`;
    return new QueryError('queue-timeout', `${what} became free within ${queueWaitMs} ms`, {
      hint: this.#mayHold(client, count)
        ? 'The server is busy with other queries; GET /v1/queries shows them. Try again later.'
        : "This client's own queries hold all that one client may (clientSharePercent of GET /v1/limits): send fewer at once.",
      limit: { name: 'queueWaitMs', value: queueWaitMs },
      retryAfterSeconds: 2,
    });
  }
}
