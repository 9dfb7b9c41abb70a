/**
 * The SQL workers of a generation: so many places, each with a process in it. A worker that has lived long enough
 * (recycle.ts) is replaced without a failed query: the fresh one first, then the server gives the old one nothing new,
 * its last queries end, and it goes.
 *
 *   active --too old--> outgoing (its successor starts) --successor ready--> leaving --`retired`--> stopped
 *   active --scaled down--> leaving                     outgoing --dies--> gone, its successor takes over
 *
 * - The server knows only the active and outgoing ones that are ready; `retire` is sent after the list without it.
 */
import type { Log } from '../../core/logging/log.ts';
import type { Clock } from '../../core/process/clock.ts';
import type { Ending } from '../../core/protocol/endings.ts';
import type { RecycleLimit, ToChild } from '../../core/protocol/monitor.ts';
import type { ChildEnd, ManagedChild } from '../children/managed-child.ts';
import type { Supervised, SupervisedOptions } from '../children/supervised.ts';
import { decideRecycle, type RecyclePolicy, type RecycleRow, toleranceOf } from './recycle.ts';

type PlaceState = 'active' | 'outgoing' | 'leaving' | 'gone';

interface Place {
  readonly slot: number;
  readonly supervised: Supervised;
  state: PlaceState;
  /** Of the worker that is in it now. */
  tolerance: number;
  /** Whose place it takes once it is ready. */
  replaces: Place | null;
  leavingSinceMs: number | null;
  ending: Ending | null;
}

export interface SqlPoolOptions {
  readonly processes: number;
  readonly policy: RecyclePolicy;
  /** The longest that a query may run: then a leaving worker goes, whatever the server says. */
  readonly maxQueryMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 to 1, for the jitter. */
  random(): number;
  supervise(slot: number, events: Pick<SupervisedOptions, 'onReady' | 'onLost' | 'onGone'>): Supervised;
  /** false: there is no server to tell. */
  tellServer(message: ToChild): boolean;
  /** The set of workers that may be used has changed: sent to the server before this returns. */
  onChanged(): void;
  onReady(child: ManagedChild): void;
  onLost(child: ManagedChild, end: ChildEnd): void;
  onGone(child: ManagedChild): void;
  onRecycled(limit: RecycleLimit): void;
}

/** A worker without queries has nothing to finish. */
const IDLE_STOP_MS = 2000;

export class SqlPool {
  readonly #options: SqlPoolOptions;
  readonly #places: Place[] = [];
  #started = false;
  #ended = false;

  constructor(options: SqlPoolOptions) {
    this.#options = options;
    for (let slot = 0; slot < options.processes; slot++) this.#add(slot, null);
  }

  start(): void {
    this.#started = true;
    for (const { supervised } of this.#places) supervised.start();
  }

  /** All that live, leaving ones too. */
  children(): ManagedChild[] {
    return this.#places.flatMap(({ supervised: { child } }) => (child === null ? [] : [child]));
  }

  /** Those that the server may use. */
  usable(): ManagedChild[] {
    return this.#staying().flatMap(({ supervised: { readyChild } }) =>
      readyChild === null ? [] : [readyChild],
    );
  }

  /** How many there are to be, whatever happens to be replaced now. */
  get size(): number {
    return this.#staying().filter(({ replaces }) => replaces === null).length;
  }

  get isWhole(): boolean {
    return this.usable().length >= this.size;
  }

  /** Each second. `mayFork`: a successor costs memory while both live. */
  tick(mayFork: boolean, rssOf: (child: ManagedChild) => number | null): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const place of this.#places)
      if (place.leavingSinceMs !== null && nowMs - place.leavingSinceMs > this.#options.maxQueryMs)
        this.#end(place);
    if (!mayFork || this.#ended) return;
    const decision = decideRecycle(this.#rows(nowMs, rssOf), this.#options.policy);
    const place = this.#places.find(({ supervised }) => supervised.child?.workerId === decision?.workerId);
    if (decision === null || place === undefined) return;
    const { workerId, limit, reason } = decision;
    this.#options.log.info('sql-recycle', { workerId, limit, reason });
    this.#options.onRecycled(limit);
    place.state = 'outgoing';
    place.ending = { cause: 'recycle', reason: `${reason}; a fresh one takes over` };
    this.#add(place.slot, place).supervised.start();
  }

  /** More start at once; of the fewer, the last ones finish their queries and go. */
  scale(processes: number, reason: string): void {
    for (let slot = this.size; slot < processes; slot++) {
      const place = this.#add(this.#freeSlot(), null);
      if (this.#started) place.supervised.start();
    }
    const excess = [...this.#staying()].sort((a, b) => b.slot - a.slot);
    for (const place of excess) {
      if (this.size <= processes) break;
      // A successor that starts would have nothing to take over.
      if (place.replaces === null) this.#leaveWithSuccessor(place, { cause: 'surplus', reason });
    }
    this.#options.onChanged();
  }

  /** The server has ended the last query of a leaving worker. */
  retired(workerId: string): boolean {
    const place = this.#places.find(({ supervised }) => supervised.child?.workerId === workerId);
    if (place?.state !== 'leaving') return false;
    this.#end(place);
    return true;
  }

  /** Nobody will report the end of their last queries, and nobody waits for these. */
  serverLost(): void {
    for (const place of this.#places) if (place.state === 'leaving') this.#end(place);
  }

  async stop(graceMs: number, ending: Ending): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#places.map(({ supervised }) => supervised.stop(graceMs, ending)));
  }

  async kill(ending: Ending): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#places.map(({ supervised }) => supervised.kill(ending)));
  }

  #staying(): Place[] {
    return this.#places.filter(({ state }) => state === 'active' || state === 'outgoing');
  }

  #rows(nowMs: number, rssOf: (child: ManagedChild) => number | null): RecycleRow[] {
    return this.#places.map(({ supervised: { child }, state, replaces, tolerance }) => ({
      workerId: child?.workerId ?? '',
      ready: child?.phase === 'ready',
      leaving: state !== 'active' || replaces !== null,
      ageMs: child === null ? 0 : nowMs - child.createdAtMs,
      queriesServed: child?.queriesServed ?? 0,
      rssBytes: child === null ? null : rssOf(child),
      tolerance,
    }));
  }

  #freeSlot(): number {
    const taken = new Set(this.#places.map(({ slot }) => slot));
    let slot = 0;
    while (taken.has(slot)) slot++;
    return slot;
  }

  #add(slot: number, replaces: Place | null): Place {
    const { onGone, onLost } = this.#options;
    const place: Place = {
      ...{ slot, replaces, state: 'active', leavingSinceMs: null, ending: null },
      tolerance: toleranceOf(this.#options.random()),
      supervised: this.#options.supervise(slot, {
        onReady: (child) => this.#onReady(place, child),
        onLost: (child, end) => {
          onLost(child, end);
          if (place.state !== 'active') this.#end(place); // its successor is on the way, or none is wanted
        },
        onGone: (child) => {
          if (place.state === 'gone') this.#remove(place);
          onGone(child);
        },
      }),
    };
    this.#places.push(place);
    return place;
  }

  #onReady(place: Place, child: ManagedChild): void {
    place.tolerance = toleranceOf(this.#options.random());
    const old = place.replaces;
    place.replaces = null;
    this.#options.onReady(child);
    if (old !== null && old.state === 'outgoing')
      this.#leave(old, old.ending ?? { cause: 'recycle', reason: 'replaced' });
  }

  #leaveWithSuccessor(place: Place, ending: Ending): void {
    const successor = this.#places.find(({ replaces }) => replaces === place);
    this.#leave(place, ending);
    if (successor !== undefined) this.#leave(successor, ending);
  }

  /** The list without it goes to the server first, then the request to give it up. */
  #leave(place: Place, ending: Ending): void {
    place.state = 'leaving';
    place.ending = ending;
    place.replaces = null;
    place.leavingSinceMs = this.#options.clock.monotonicMs();
    this.#options.onChanged();
    const child = place.supervised.readyChild;
    if (
      child === null ||
      !this.#options.tellServer({ type: 'retire', role: 'sql', workerId: child.workerId })
    )
      this.#end(place);
  }

  #end(place: Place): void {
    if (place.state === 'gone') return;
    place.state = 'gone';
    place.leavingSinceMs = null;
    for (const other of this.#places) if (other.replaces === place) other.replaces = null;
    if (place.supervised.child === null) this.#remove(place);
    void place.supervised.stop(IDLE_STOP_MS, place.ending ?? { cause: 'recycle', reason: 'replaced' });
  }

  #remove(place: Place): void {
    const index = this.#places.indexOf(place);
    if (index >= 0) this.#places.splice(index, 1);
  }
}
