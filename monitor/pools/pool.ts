/** A pool of workers as its generation sees it, whatever its policy (prefork-pool.ts, leased-pool.ts). */
import type { Log } from '../../core/logging/log.ts';
import type { Clock } from '../../core/process/clock.ts';
import type { Ending } from '../../core/protocol/endings.ts';
import type { FromChild, ToChild } from '../../core/protocol/monitor.ts';
import type { InspectedProcess } from '../children/inspected-process.ts';
import type { ChildEnd, ChildEvents, ManagedChild } from '../children/managed-child.ts';
import type { StatsBook } from '../children/stats.ts';

/** A query that runs in a leased worker now. */
export interface LeasedQuery {
  readonly workerId: string;
  readonly queryId: string;
  readonly rssBytes: number;
}

/** The work of a process, for the process table. */
export interface Work {
  readonly queryId: string | null;
  readonly queriesServed: number;
}

/** The facts that the monitor gives each pool, once a second. */
export interface Round {
  /** Whether memory allows more than indispensable starts. */
  readonly mayFork: boolean;
  /** Whether the generation is complete and stays, so that a worker may be replaced because of its age. */
  readonly isSettled: boolean;
  rssOf(child: ManagedChild): number | null;
}

export interface Pool {
  readonly role: string;
  /** Whether the first generation starts this pool only once it serves, so that its start does not delay the first answers. */
  readonly followsServing: boolean;
  /** Whether enough workers are ready for first answers. */
  readonly canServe: boolean;
  /** Whether enough workers are ready for a generation to take over from another. */
  readonly isWhole: boolean;
  /** The configured or scaled number of workers. */
  readonly size: number;
  /** Whether a worker is being killed or will be, so that its memory will soon be free. */
  readonly isEndingOne: boolean;
  start(): void;
  /** Returns all living workers, including those that are about to end. */
  children(): ManagedChild[];
  /** Returns the ready workers that the server may use. */
  usable(): ManagedChild[];
  scale(size: number): void;
  tick(round: Round): void;
  workOf(child: ManagedChild): Work;
  inspectedChild(child: ManagedChild): InspectedProcess;
  /** Returns the pool's queries that can be ended to free memory. */
  leased(): LeasedQuery[];
  /** Ends the query in that worker because memory is short. Returns false when the pool has no such query. */
  endForPressure(workerId: string, reason: string): boolean;
  /** Takes a message of the server if it is about one of the pool's workers; returns false when it is not. */
  hear(message: FromChild): boolean;
  /** Undoes a lease that a server announced before it died. */
  voidLease(workerId: string): void;
  serverLost(): void;
  /** Takes workers out of use that cannot serve the newest connections. Resolves when the server was told of them. */
  refresh(): Promise<void>;
  /** Stops all workers and starts none any more; resolves when all are gone. */
  stop(graceMs: number, ending: Ending): Promise<void>;
  kill(ending: Ending): Promise<void>;
}

/** The ties between a pool and its generation. */
export interface PoolDeps {
  readonly role: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly stats: StatsBook;
  launch(slot: number, events: ChildEvents): ManagedChild;
  /** Returns the key of the places that a sandbox shows now (monitor/sandbox/shown-places.ts); null for workers without one. */
  shownKey(): Promise<string | null>;
  /** Returns false when there is no server to tell. */
  tellServer(message: ToChild): boolean;
  /** Called when the set of usable workers has changed; sends it to the server before it returns. */
  onChanged(): void;
  onReady(): void;
  /** Called when a worker ended without being asked to. */
  onLost(child: ManagedChild, end: ChildEnd): void;
  onGone(child: ManagedChild): void;
  onConnectionsTaken(child: ManagedChild, message: Extract<FromChild, { type: 'connections-taken' }>): void;
  /** Returns the kernel's facts about a process, for the log line about its end. */
  vitalsOf(child: ManagedChild): object;
}

/** Returns the lowest slot that is not taken. */
export function freeSlot(slots: readonly number[]): number {
  const taken = new Set(slots);
  let slot = 0;
  while (taken.has(slot)) slot++;
  return slot;
}
