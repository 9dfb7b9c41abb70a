/**
 * A queue for a scarce resource (a database slot, a DSL worker), limited in length and in waiting time. It is fair between
 * principals: a free resource goes to each principal in turn, and within a principal to the query that came first. So a
 * principal that sends a hundred queries at once delays another's single query by one turn. When the queue is full, the newest
 * query of the principal with the most waiting ones makes room for a principal with fewer. A query that needs several
 * resources gets them all at once, and no other query passes it meanwhile. A lane holds no resources itself.
 *
 * With `shares`, a principal that holds as much as it may waits although a resource is free, and others pass it.
 *
 * Some queries are marked as long-running: the owner may reserve resources for the short ones (`mayTakeLong`). Short queries
 * then pass waiting long ones, which could not use the reserved resources anyway. Long queries keep their order among
 * themselves.
 */
import type { Cancellation } from '../../core/process/cancellation.ts';
import { removeItem } from '../../core/process/remove-item.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import type { PrincipalShares } from './principal-shares.ts';

export interface LaneOptions<T> {
  readonly name: string;
  readonly queueLength: number;
  readonly queueWaitMs: number;
  /** Takes `count` resources at once, or none and returns null. (If two queries each held some and waited for the rest, neither would ever run.) */
  take(count: number, long: boolean, principalId: string): readonly T[] | null;
  /** Limits how much each principal may hold; no limit when left out. The owner reports each returned resource by `returned`. */
  readonly shares?: PrincipalShares;
  /** Tells whether a long query may take `count` resources, if that many are free; it always may when this is left out. */
  mayTakeLong?(count: number): boolean;
  /** Called with the number of waiting queries when a query has to wait. */
  onWait?(waiting: number): void;
}

/** The principal that asks for a resource, and the cancellation that ends its waiting. */
export interface Asker {
  readonly principal: Principal;
  readonly cancellation: Cancellation;
}

interface Waiter<T> {
  readonly count: number;
  readonly long: boolean;
  readonly principalId: string;
  readonly since: number;
  resolve(resources: readonly T[]): void;
  reject(error: unknown): void;
}

export class Lane<T> {
  readonly #options: LaneOptions<T>;
  /** The waiting queries by principal; the next principal to serve comes first. No entry is empty. */
  readonly #queues = new Map<string, Waiter<T>[]>();
  #waiting = 0;
  /** The number of queries that had to wait. */
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

  /** Returns the milliseconds for which the longest-waiting query has waited; 0 when none waits. */
  oldestWaitMs(now: number): number {
    let oldest = now;
    for (const [first] of this.#queues.values()) oldest = Math.min(oldest, first!.since);
    return now - oldest;
  }

  /** Waits for one resource. Rejects with queue-full, queue-timeout, or the reason of its cancellation. */
  acquire(asker: Asker, long = false): Promise<T> {
    return this.acquireAll(asker, 1, long).then(([resource]) => resource!); // `acquireAll` returns one, as asked
  }

  /** Waits for `count` resources and takes them at once. Rejects as `acquire` does. */
  acquireAll(asker: Asker, count: number, long = false): Promise<readonly T[]> {
    const { reason } = asker.cancellation;
    if (reason !== null) return Promise.reject(reason);
    const { id } = asker.principal;
    const resources = this.#isNext(id, count, long) ? this.#take(id, count, long) : null;
    if (resources !== null) return Promise.resolve(resources);
    this.misses++;
    if (this.#waiting >= this.#options.queueLength && !this.#makeRoom(id))
      return Promise.reject(this.#full());
    return this.#wait(asker, count, long);
  }

  /** Serves waiting queries; called whenever a resource may have become free. */
  offer(): void {
    for (;;) {
      const waiter = this.#next(false);
      if (waiter === null) return;
      const resources = this.#take(waiter.principalId, waiter.count, waiter.long);
      if (resources === null) return;
      const queue = this.#queues.get(waiter.principalId)!; // `waiter` was found in this queue
      waiter.resolve(resources);
      this.#turnOver(waiter.principalId, queue);
    }
  }

  /** Tells whether a query that comes now need not wait behind others. */
  #isNext(principalId: string, count: number, long: boolean): boolean {
    if (this.#waiting > 0 && (this.#next(long) !== null || this.#hasEarlier(principalId, long))) return false;
    return !(long && this.#isKept(count)) && this.#mayHold(principalId, count);
  }

  /**
   * Returns the next waiter to serve, or null. Skips principals that hold as much as they may. With `evenKept` false, also
   * skips long-running waiters while capacity is reserved for short ones.
   */
  #next(evenKept: boolean): Waiter<T> | null {
    let kept = false;
    for (const queue of this.#queues.values()) {
      for (const waiter of queue) {
        kept ||= !evenKept && waiter.long && this.#isKept(waiter.count);
        if (kept && waiter.long) continue;
        if (this.#mayHold(waiter.principalId, waiter.count)) return waiter;
        break; // queries of one principal are served in order
      }
    }
    return null;
  }

  /** Tells whether the principal already has a waiting query that a new one must not pass. */
  #hasEarlier(principalId: string, long: boolean): boolean {
    const queue = this.#queues.get(principalId);
    return queue?.some((waiter) => long || !waiter.long || !this.#isKept(waiter.count)) ?? false;
  }

  #mayHold(principalId: string, count: number): boolean {
    const { shares } = this.#options;
    if (shares === undefined) return true;
    const othersWait = this.#queues.size > (this.#queues.has(principalId) ? 1 : 0);
    return shares.allow(principalId, count, othersWait);
  }

  #take(principalId: string, count: number, long: boolean): readonly T[] | null {
    const resources = this.#options.take(count, long, principalId);
    if (resources !== null) this.#options.shares?.taken(principalId, count);
    return resources;
  }

  /** Notes that the principal gave a resource back. The owner calls `offer` when another query may take it. */
  returned(principalId: string): void {
    this.#options.shares?.returned(principalId);
  }

  #isKept(count: number): boolean {
    return this.#options.mayTakeLong?.(count) === false;
  }

  /** Moves the principal behind the others, if there are others. */
  #turnOver(principalId: string, queue: Waiter<T>[]): void {
    if (this.#queues.size < 2 || !this.#queues.delete(principalId)) return;
    if (queue.length > 0) this.#queues.set(principalId, queue);
  }

  /** Refuses the newest query of the principal with the most waiting ones, if `principalId` would still have fewer. Returns whether it did. */
  #makeRoom(principalId: string): boolean {
    let most: Waiter<T>[] = [];
    for (const queue of this.#queues.values()) if (queue.length > most.length) most = queue;
    const own = this.#queues.get(principalId)?.length ?? 0;
    if (most.length <= own + 1) return false;
    most.at(-1)!.reject(this.#full());
    return true;
  }

  #wait({ principal, cancellation }: Asker, count: number, long: boolean): Promise<readonly T[]> {
    const principalId = principal.id;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#remove(waiter);
        clearTimeout(timer);
        cancellation.offCancel(onCancel);
      };
      const waiter: Waiter<T> = {
        count,
        long,
        principalId,
        since: performance.now(),
        resolve: (resources) => {
          leave();
          resolve(resources);
        },
        reject: (error) => {
          leave();
          reject(error);
          this.offer(); // serves those that waited only because of this one
        },
      };
      const onCancel = (): void => waiter.reject(cancellation.reason);
      const timer = setTimeout(
        () => waiter.reject(this.#timedOut(count, principalId)),
        this.#options.queueWaitMs,
      );
      cancellation.onCancel(onCancel);
      this.#add(waiter);
      this.#options.onWait?.(this.#waiting);
    });
  }

  #add(waiter: Waiter<T>): void {
    const queue = this.#queues.get(waiter.principalId);
    if (queue === undefined) this.#queues.set(waiter.principalId, [waiter]);
    else queue.push(waiter);
    this.#waiting++;
  }

  #remove(waiter: Waiter<T>): void {
    const queue = this.#queues.get(waiter.principalId) ?? [];
    if (!removeItem(queue, waiter)) return;
    if (queue.length === 0) this.#queues.delete(waiter.principalId);
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

  #timedOut(count: number, principalId: string): QueryError {
    const { name, queueWaitMs } = this.#options;
    const what = count === 1 ? `no ${name}` : `no ${count} of ${name}`;
    return new QueryError('queue-timeout', `${what} became free within ${queueWaitMs} ms`, {
      hint: this.#mayHold(principalId, count)
        ? 'The server is busy with other queries; GET /v1/queries shows them. Try again later.'
        : "This client's own queries hold all that one client may (clientSharePercent of GET /v1/limits): send fewer at once.",
      limit: { name: 'queueWaitMs', value: queueWaitMs },
      retryAfterSeconds: 2,
    });
  }
}
