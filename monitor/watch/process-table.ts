/** Makes the rows of GET /v1/processes: the monitor, all its children, and the embedded database if there is one. */
import type { ProcessRow, ProcessState } from '../../core/protocol/monitor.ts';
import type { ManagedChild } from '../children/managed-child.ts';
import type { Measured, Sampler } from './sampler.ts';

export interface TableSource {
  readonly sampler: Sampler;
  readonly nowMs: number;
  readonly startedAtMs: number;
  readonly database: { readonly pid: number } | null;
  readonly draining: boolean;
  /** The monitor's own event loop delay. */
  readonly eventLoopLagMs: number;
  readonly children: readonly ManagedChild[];
  workOf(child: ManagedChild): { queryId: string | null; queriesServed: number };
}

export function processTable(source: TableSource): ProcessRow[] {
  const rows = [monitorRow(source), ...source.children.flatMap((child) => childRow(source, child))];
  if (source.database !== null) rows.push(databaseRow(source, source.database.pid));
  return rows;
}

type Vitals = Pick<
  ProcessRow,
  | 'kernelState'
  | 'cpuPercent'
  | 'cpuSeconds'
  | 'rssBytes'
  | 'pssBytes'
  | 'openFiles'
  | 'openFilesLimit'
  | 'wchan'
>;

function vitals({ ppid, stateSinceMs, ageMs, ...shown }: Measured): Vitals {
  return shown;
}

function monitorRow({ sampler, nowMs, startedAtMs, draining, eventLoopLagMs }: TableSource): ProcessRow {
  return {
    role: 'monitor',
    workerId: 'monitor',
    slot: 0,
    pid: process.pid,
    ppid: process.ppid,
    sandboxed: false,
    state: draining ? 'draining' : 'ready',
    ...vitals(sampler.of(process.pid)),
    eventLoopLagMs,
    ageMs: Math.round(nowMs - startedAtMs),
    queriesServed: 0,
    queryId: null,
  };
}

function childRow({ sampler, nowMs, workOf }: TableSource, child: ManagedChild): ProcessRow[] {
  if (child.pid === null || child.phase === 'gone') return [];
  const { queryId, queriesServed } = workOf(child);
  const { role, workerId, slot } = child.identity;
  return [
    {
      role,
      workerId,
      slot,
      pid: child.pid,
      ppid: process.pid,
      sandboxed: child.isSandboxed,
      state: stateOf(child, queryId),
      ...vitals(sampler.of(child.pid)),
      eventLoopLagMs: child.readyAtMs === null ? null : child.eventLoopLagMs,
      ageMs: Math.round(nowMs - child.createdAtMs),
      queriesServed,
      queryId,
    },
  ];
}

function databaseRow({ sampler, nowMs, startedAtMs }: TableSource, pid: number): ProcessRow {
  const measured = sampler.of(pid);
  return {
    role: 'database',
    workerId: 'database',
    slot: 0,
    pid,
    ppid: measured.ppid ?? process.pid,
    sandboxed: false,
    state: 'ready',
    ...vitals(measured),
    eventLoopLagMs: null,
    ageMs: measured.ageMs ?? Math.round(nowMs - startedAtMs),
    queriesServed: 0,
    queryId: null,
  };
}

function stateOf({ phase }: ManagedChild, queryId: string | null): ProcessState {
  switch (phase) {
    case 'starting':
      return 'starting';
    case 'ready':
      return queryId === null ? 'ready' : 'busy';
    case 'stopping':
      return 'draining';
    case 'killing':
    case 'gone':
      return 'killing';
    default:
      return phase satisfies never;
  }
}
