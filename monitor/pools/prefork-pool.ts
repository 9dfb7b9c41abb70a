/**
 * The policy `prefork`: a fixed number of places, each with a process. A worker that has lived long enough (recycle.ts) is
 * replaced without a failed query: a fresh one starts, then the server sends the old one nothing new, its last queries end,
 * and it is stopped.
 *
 *   active --too old--> outgoing (its successor starts) --successor ready--> leaving --`retired`--> stopped
 *   active --scaled down--> leaving                     outgoing --dies--> gone, its successor takes over
 *
 * - The server's list has only active and outgoing workers that are ready; `retire` follows the list without the worker.
 */
import type { Ending } from '../../core/protocol/endings.ts';
import type { FromChild } from '../../core/protocol/monitor.ts';
import { Brake } from '../children/brake.ts';
import type { InspectedProcess } from '../children/inspected-process.ts';
import type { ManagedChild } from '../children/managed-child.ts';
import { Supervised } from '../children/supervised.ts';
import type { PreforkPolicy } from './definition.ts';
import { inspectedChild } from './inspected-child.ts';
import { freeSlot, type LeasedQuery, type Pool, type PoolDeps, type Round, type Work } from './pool.ts';
import { decideRecycle, type RecycleRow, toleranceOf } from './recycle.ts';

type PlaceState = 'active' | 'outgoing' | 'leaving' | 'gone';

interface Place {
  readonly slot: number;
  readonly supervised: Supervised;
  state: PlaceState;
  /** The factor by which the limits of the place's worker differ from the configured ones. */
  tolerance: number;
  /** The place whose worker this one replaces once it is ready; null when it replaces none. */
  replaces: Place | null;
  leavingSinceMs: number | null;
  ending: Ending | null;
}

/** The time for a worker without queries to stop: it has nothing to finish. */
const IDLE_STOP_MS = 2000;

export class PreforkPool implements Pool {
  readonly followsServing = false;
  readonly isEndingOne = false;
  readonly #deps: PoolDeps;
  readonly #policy: PreforkPolicy;
  /** The brake of all workers of the pool, since their starts fail for the same reason. */
  readonly #brake: Brake;
  readonly #places: Place[] = [];
  #started = false;
  #ended = false;

  constructor(deps: PoolDeps, policy: PreforkPolicy) {
    this.#deps = deps;
    this.#policy = policy;
    this.#brake = new Brake(deps.clock.monotonicMs);
    for (let slot = 0; slot < policy.processes; slot++) this.#add(slot, null);
  }

  get role(): string {
    return this.#deps.role;
  }

  start(): void {
    this.#started = true;
    for (const { supervised } of this.#places) supervised.start();
  }

  children(): ManagedChild[] {
    return this.#places.flatMap(({ supervised: { child } }) => (child === null ? [] : [child]));
  }

  usable(): ManagedChild[] {
    return this.#staying().flatMap(({ supervised: { readyChild } }) =>
      readyChild === null ? [] : [readyChild],
    );
  }

  /** The wanted number of workers, without those that are being replaced now. */
  get size(): number {
    return this.#staying().filter(({ replaces }) => replaces === null).length;
  }

  get canServe(): boolean {
    return this.usable().length > 0;
  }

  get isWhole(): boolean {
    return this.usable().length >= this.size;
  }

  workOf({ queriesServed }: ManagedChild): Work {
    return { queryId: null, queriesServed };
  }

  inspectedChild(child: ManagedChild): InspectedProcess {
    return inspectedChild(child, this.#deps);
  }

  /** Returns none: a worker runs many queries, and the monitor knows none of them. */
  leased(): LeasedQuery[] {
    return [];
  }

  endForPressure(): boolean {
    return false;
  }

  voidLease(): void {}

  tick({ mayFork, isSettled, rssOf }: Round): void {
    const { clock, log, role, stats } = this.#deps;
    const nowMs = clock.monotonicMs();
    for (const place of this.#places)
      if (place.leavingSinceMs !== null && nowMs - place.leavingSinceMs > this.#policy.maxQueryMs)
        this.#end(place);
    // While both live, a successor costs additional memory.
    if (!mayFork || !isSettled || this.#ended) return;
    const decision = decideRecycle(this.#rows(nowMs, rssOf), this.#policy);
    const place = this.#places.find(({ supervised }) => supervised.child?.workerId === decision?.workerId);
    if (decision === null || place === undefined) return;
    const { workerId, limit, reason } = decision;
    log.info(`${role}-recycle`, { workerId, limit, reason });
    stats.recycled(role, limit);
    place.state = 'outgoing';
    place.ending = { cause: 'recycle', reason: `${reason}; a fresh one takes over` };
    this.#add(place.slot, place).supervised.start();
  }

  /** Changes the number of workers: starts more at once, or lets the last ones finish their queries and go. */
  scale(processes: number): void {
    const reason = `scaled to ${processes}`;
    for (let slot = this.size; slot < processes; slot++) {
      const place = this.#add(freeSlot(this.#places.map((each) => each.slot)), null);
      if (this.#started) place.supervised.start();
    }
    const excess = [...this.#staying()].sort((a, b) => b.slot - a.slot);
    for (const place of excess) {
      if (this.size <= processes) break;
      // A place that is itself a successor is skipped here: its worker goes together with the one that it replaces.
      if (place.replaces === null) this.#leaveWithSuccessor(place, { cause: 'surplus', reason });
    }
    this.#deps.onChanged();
  }

  /** Takes `retired`: the last query of a leaving worker has ended, so the worker can be stopped. */
  hear(message: FromChild): boolean {
    if (message.type !== 'retired') return false;
    const { workerId } = message;
    const place = this.#places.find(({ supervised }) => supervised.child?.workerId === workerId);
    if (place?.state !== 'leaving') return false;
    this.#end(place);
    return true;
  }

  /** Ends leaving workers after the server's death, since nobody will report the end of their last queries. */
  async refresh(): Promise<void> {} // all of them serve any connection

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

  #add(slot: number, replaces: Place | null): Place {
    const place: Place = {
      ...{ slot, replaces, state: 'active', leavingSinceMs: null, ending: null },
      tolerance: toleranceOf(Math.random()),
      supervised: this.#supervise(slot, () => place),
    };
    this.#places.push(place);
    return place;
  }

  #supervise(slot: number, placeOf: () => Place): Supervised {
    const { log, launch, onGone, onLost } = this.#deps;
    return new Supervised({
      brake: this.#brake,
      log,
      launch: (events) => launch(slot, events),
      onReady: () => this.#onReady(placeOf()),
      onMessage: (child, message) => this.#hearWorker(child, message),
      onLost: (child, end) => {
        onLost(child, end);
        const place = placeOf();
        if (place.state !== 'active') this.#end(place); // the worker's successor is starting, or it needs none
      },
      onGone: (child) => {
        const place = placeOf();
        if (place.state === 'gone') this.#remove(place);
        onGone(child);
      },
    });
  }

  #hearWorker(child: ManagedChild, message: FromChild): void {
    const { log, onConnectionsTaken } = this.#deps;
    if (message.type === 'connections-taken') onConnectionsTaken(child, message);
    else log.warn('unexpected-message', { workerId: child.workerId, type: message.type });
  }

  #onReady(place: Place): void {
    place.tolerance = toleranceOf(Math.random());
    const old = place.replaces;
    place.replaces = null;
    this.#deps.onReady();
    if (old !== null && old.state === 'outgoing')
      this.#leave(old, old.ending ?? { cause: 'recycle', reason: 'replaced' });
  }

  #leaveWithSuccessor(place: Place, ending: Ending): void {
    const successor = this.#places.find(({ replaces }) => replaces === place);
    this.#leave(place, ending);
    if (successor !== undefined) this.#leave(successor, ending);
  }

  /** Makes a worker leave: the server first gets the list without it, then the request to give it up. */
  #leave(place: Place, ending: Ending): void {
    place.state = 'leaving';
    place.ending = ending;
    place.replaces = null;
    place.leavingSinceMs = this.#deps.clock.monotonicMs();
    this.#deps.onChanged();
    const child = place.supervised.readyChild;
    if (
      child === null ||
      !this.#deps.tellServer({ type: 'retire', role: this.role, workerId: child.workerId })
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
