/**
 * A queue in front of something scarce (a database slot, a DSL worker), bounded in length and in waiting time. Fair
 * between principals: what becomes free goes to the principals in turn, and within a principal to who came first, so that one
 * who sends a hundred queries at once holds up another's single one by one turn. When the queue is full, the newest
 * of the principal with the most makes room for one with fewer. Who needs several resources gets them at once, and is
 * not overtaken meanwhile. A lane holds no resources itself.
 *
 * Given `shares`, a principal that holds as much as it may waits although something is free, and others pass it.
 *
 * Some askers may be marked as long: the owner may keep resources from them (`mayTakeLong`), and then those who are not
 * long pass them, since what is kept is of no use to who waits. Among themselves the long ones stay in order.
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
  /** Takes so many at once or returns null: never some of them, which two queries could hold while each waits for the rest. */
  take(count: number, long: boolean, principalId: string): readonly T[] | null;
  /** Limits how much each principal may hold; left out: no limit. Whoever gives one back says so by `returned`. */
  readonly shares?: PrincipalShares;
  /** Whether one who is long may have so many, were they free; left out: always. */
  mayTakeLong?(count: number): boolean;
  /** Called when a query has to wait. */
  onWait?(waiting: number): void;
}

/** The principal that asks, and what ends the asking. */
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
  /** By principal, whose turn it is first; no entry is empty. */
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
    const { id } = asker.principal;
    const resources = this.#isNext(id, count, long) ? this.#take(id, count, long) : null;
    if (resources !== null) return Promise.resolve(resources);
    this.misses++;
    if (this.#waiting >= this.#options.queueLength && !this.#makeRoom(id))
      return Promise.reject(this.#full());
    return this.#wait(asker, count, long);
  }

  /** Something may have become free: serve those who wait. */
  offer(): void {
    for (;;) {
      const waiter = this.#next(false);
      if (waiter === null) return;
      const resources = this.#take(waiter.principalId, waiter.count, waiter.long);
      if (resources === null) return;
      const queue = this.#queues.get(waiter.principalId)!; // it waits there
      waiter.resolve(resources);
      this.#turnOver(waiter.principalId, queue);
    }
  }

  /** Whether somebody who comes now waits for nobody. */
  #isNext(principalId: string, count: number, long: boolean): boolean {
    if (this.#waiting > 0 && (this.#next(long) !== null || this.#hasEarlier(principalId, long))) return false;
    return !(long && this.#isKept(count)) && this.#mayHold(principalId, count);
  }

  /**
   * The next waiter to serve, or null. Skips principals that hold as much as they may, and with `evenKept` false also long
   * waiters from whom resources are kept.
   */
  #next(evenKept: boolean): Waiter<T> | null {
    let kept = false;
    for (const queue of this.#queues.values()) {
      for (const waiter of queue) {
        kept ||= !evenKept && waiter.long && this.#isKept(waiter.count);
        if (kept && waiter.long) continue;
        if (this.#mayHold(waiter.principalId, waiter.count)) return waiter;
        break; // a principal's own order stays
      }
    }
    return null;
  }

  /** Whether the principal itself waits already, for what one that comes now must not overtake. */
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

  /** The principal has given one back; `offer` follows when somebody else may have it. */
  returned(principalId: string): void {
    this.#options.shares?.returned(principalId);
  }

  #isKept(count: number): boolean {
    return this.#options.mayTakeLong?.(count) === false;
  }

  /** The principal goes behind the others, if there are others. */
  #turnOver(principalId: string, queue: Waiter<T>[]): void {
    if (this.#queues.size < 2 || !this.#queues.delete(principalId)) return;
    if (queue.length > 0) this.#queues.set(principalId, queue);
  }

  /** Refuses the newest of the principal with the most, if `principalId` would still have fewer than that one. */
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
          this.offer(); // to those whom only this one kept from theirs
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
