/** A pool of workers as its generation sees it, whatever its policy (prefork-pool.ts, leased-pool.ts). */
import type { Log } from '../../core/logging/log.ts';
import type { Clock } from '../../core/process/clock.ts';
import type { Ending } from '../../core/protocol/endings.ts';
import type { FromChild, ToChild } from '../../core/protocol/monitor.ts';
import type { ChildEnd, ChildEvents, ManagedChild } from '../children/managed-child.ts';
import type { Patient } from '../children/patient.ts';
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

/** One look of the monitor's, each second. */
export interface Round {
  /** Whether memory allows more than what is indispensable. */
  readonly mayFork: boolean;
  /** Whether the generation is whole and stays: then a worker may be replaced because of its age. */
  readonly isSettled: boolean;
  rssOf(child: ManagedChild): number | null;
}

export interface Pool {
  readonly role: string;
  /** Whether the first generation starts it only once it serves, so that its boots do not hold up the first answers. */
  readonly followsServing: boolean;
  /** Whether enough workers are ready for first answers. */
  readonly canServe: boolean;
  /** Whether enough workers are ready for a generation to take over from another. */
  readonly isWhole: boolean;
  /** The configured or scaled number of workers. */
  readonly size: number;
  /** Whether some worker is being killed, or will be: its memory is not yet free. */
  readonly isEndingOne: boolean;
  start(): void;
  /** All that live, also those that are about to end. */
  children(): ManagedChild[];
  /** The ready ones that the server may use. */
  usable(): ManagedChild[];
  scale(size: number): void;
  tick(round: Round): void;
  workOf(child: ManagedChild): Work;
  patientOf(child: ManagedChild): Patient;
  /** The queries in it that can be ended to free memory. */
  leased(): LeasedQuery[];
  /** Ends the query in that worker because memory is short; false when the pool has no such query. */
  endForPressure(workerId: string, reason: string): boolean;
  /** Takes a message of the server's that is about one of its workers; false when it is not. */
  hear(message: FromChild): boolean;
  /** Undoes a lease that a server announced before it died. */
  voidLease(workerId: string): void;
  serverLost(): void;
  /** Starts nothing any more; resolves when all are gone. */
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
  /** Returns false when there is no server to tell. */
  tellServer(message: ToChild): boolean;
  /** The set of workers that may be used has changed: it is sent to the server before this returns. */
  onChanged(): void;
  onReady(): void;
  /** A worker ended without being asked to. */
  onLost(child: ManagedChild, end: ChildEnd): void;
  onGone(child: ManagedChild): void;
  onConnectionsTaken(child: ManagedChild, message: Extract<FromChild, { type: 'connections-taken' }>): void;
  /** The kernel's account of a process, for the log line about its end. */
  vitalsOf(child: ManagedChild): object;
}

/** The lowest place that is not taken. */
export function freeSlot(slots: readonly number[]): number {
  const taken = new Set(slots);
  let slot = 0;
  while (taken.has(slot)) slot++;
  return slot;
}
