/**
 * One leased worker as the monitor knows it: its row of the table in leased-rules.ts, and its process. Only `enterState`
 * changes the state, since fields that depend on it must change too.
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
  /** The query that the worker is leased to. */
  queryId: string | null;
  /** The id of that query's principal, for log lines. */
  principal: string | null;
  /** The reason why the server was asked to give the worker up; null when it was not. */
  retiring: Ending | null;
  /** Set when the server was told to end the worker's query; the worker is killed when that takes too long. */
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

/** Changes the state as the diagram in leased-rules.ts shows. The state `killing` is never left. */
export function enterState(entry: LeasedEntry, state: LeasedState, nowMs: number): void {
  if (entry.state === 'killing' && state !== 'killing')
    throw new Error(`${entry.workerId}: ${state} after killing`);
  entry.state = state;
  entry.idleSinceMs = isIdle(entry) ? nowMs : null;
  if (state !== 'starting' && state !== 'idle-fresh') entry.replacing = false;
  if (state === 'killing') entry.deadlineAtMs = null;
}

/** Tells whether the process is dead already. It then ended by itself, and its 'exit' event will report that. */
export function isZombie({ child }: LeasedEntry): boolean {
  return child.pid !== null && readSample(child.pid)?.state === 'Z';
}

export function isIdle({ state }: LeasedEntry): boolean {
  return state === 'idle-fresh' || state === 'idle-used';
}
