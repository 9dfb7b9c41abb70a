/**
 * One leased worker in the monitor's books: its row of the table in leased-rules.ts, and the process behind it. The row's
 * state is changed in `enterState` alone, which keeps what hangs on it in step.
 */
import { readSample } from '../../core/process/proc.ts';
import type { Ending } from '../../core/protocol/endings.ts';
import type { ManagedChild } from '../children/managed-child.ts';
import type { LeasedRow, LeasedState } from './leased-rules.ts';

export interface LeasedEntry extends LeasedRow {
  readonly child: ManagedChild;
  state: LeasedState;
  idleSinceMs: number | null;
  queriesServed: number;
  rssBytes: number | null;
  deadlineAtMs: number | null;
  replacing: boolean;
  retireNotBeforeMs: number;
  /** The query that it is leased to. */
  queryId: string | null;
  /** The id of who asked that query, for log lines. */
  principal: string | null;
  /** Why it is asked of the server. */
  retiring: Ending | null;
  /** The server was told to end its query, and why; killed when that takes too long. */
  condemned: { readonly ending: Ending; readonly sinceMs: number } | null;
}

export function createEntry(child: ManagedChild, replacing: boolean, nowMs: number): LeasedEntry {
  return {
    child,
    workerId: child.workerId,
    state: 'starting',
    startedAtMs: nowMs,
    idleSinceMs: null,
    queriesServed: 0,
    rssBytes: null,
    deadlineAtMs: null,
    replacing,
    retireNotBeforeMs: 0,
    queryId: null,
    principal: null,
    retiring: null,
    condemned: null,
  };
}

/** See the machine in leased-rules.ts. Nothing comes back from `killing`. */
export function enterState(entry: LeasedEntry, state: LeasedState, nowMs: number): void {
  if (entry.state === 'killing' && state !== 'killing')
    throw new Error(`${entry.workerId}: ${state} after killing`);
  entry.state = state;
  entry.idleSinceMs = isIdle(entry) ? nowMs : null;
  if (state !== 'starting' && state !== 'idle-fresh') entry.replacing = false;
  if (state === 'killing') entry.deadlineAtMs = null;
}

/** Dead already: it ended by itself, and its 'exit' that is on the way shall say so. */
export function isZombie({ child }: LeasedEntry): boolean {
  return child.pid !== null && readSample(child.pid)?.state === 'Z';
}

export function isIdle({ state }: LeasedEntry): boolean {
  return state === 'idle-fresh' || state === 'idle-used';
}
