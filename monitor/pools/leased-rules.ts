/**
 * Decides about the stock of leased workers: pure functions over a table. A query should get a fresh worker when possible, and
 * a used one otherwise.
 *
 *   starting --ready--> idle-fresh --lease--> leased --release(reusable)--> idle-used --lease--> leased
 *   idle-* --retire--> retiring --accepted--> (stopped)        retiring --lease--> leased (the server was faster)
 *   any --discard, deadline, no heartbeat--> killing --> (gone)
 *
 * - Workers are started when none is idle or queries wait. In quiet time the stock is filled up as well.
 * - A used worker is replaced only in quiet time and while nothing runs, one at a time: the fresh one starts first, then the
 *   used one goes.
 * - A worker that reached a limit on age, queries or memory retires once it is idle; it is not killed for that.
 * - A worker whose lease is past its deadline is killed, whatever the server does.
 * - While memory is short only the first worker is started: without one, no query with stages could run at all.
 * - When there are more than `max` (after scaling down), idle workers retire until there are not.
 * - `max` counts every living process, including one that is being killed, because it limits the memory that is used.
 */
import type { RecycleLimit } from '../../core/protocol/monitor.ts';

export type LeasedState = 'starting' | 'idle-fresh' | 'leased' | 'idle-used' | 'retiring' | 'killing';

export interface LeasedRow {
  readonly workerId: string;
  readonly state: LeasedState;
  readonly startedAtMs: number;
  /** The time at which the worker became idle; null while it is not. */
  readonly idleSinceMs: number | null;
  readonly queriesServed: number;
  readonly rssBytes: number | null;
  /** The deadline of its lease, on the monotonic clock; null without a lease. */
  readonly deadlineAtMs: number | null;
  /** Whether the worker was started to replace a used one, which goes once this one is ready. */
  readonly replacing: boolean;
  /** The time before which the server is not asked again to give the worker up, after it refused. */
  readonly retireNotBeforeMs: number;
}

export interface LeasedTable {
  readonly rows: readonly LeasedRow[];
  /** The number of queries that wait for a worker, as the server last reported it. */
  readonly waiting: number;
  /** The time of the last lease or release. */
  readonly lastLeaseAtMs: number;
  /** The time before which the crash brake allows no start. */
  readonly startNotBeforeMs: number;
  /** Whether memory allows starts beyond the first worker. */
  readonly mayFork: boolean;
}

export interface LeasedPolicy {
  readonly spares: number;
  readonly max: number;
  readonly maxQueriesPerWorker: number;
  readonly maxAgeMs: number;
  readonly maxRssBytes: number;
  /** The most workers that start at the same time, since starting costs CPU. */
  readonly startConcurrency: number;
  /** The time after the deadline at which the monitor kills the worker, if the server has not ended the query. */
  readonly deadlineGraceMs: number;
}

export type LeasedDecision =
  | { readonly type: 'start'; readonly replacing: boolean; readonly reason: string }
  /** Retires a worker. `limit` is the one that it reached; null when there are too many workers. */
  | {
      readonly type: 'retire';
      readonly workerId: string;
      readonly reason: string;
      readonly limit: RecycleLimit | null;
    }
  | { readonly type: 'kill'; readonly workerId: string; readonly reason: string };

/** The time without a lease or release after which it is quiet. */
export const QUIET_MS = 250;
/** The time for which a worker above the stock may idle. */
export const EXCESS_IDLE_MS = 60_000;

export function decideLeased(table: LeasedTable, policy: LeasedPolicy, nowMs: number): LeasedDecision[] {
  return [
    ...overdue(table, policy, nowMs),
    ...starts(table, policy, nowMs),
    ...retirement(table, policy, nowMs),
  ];
}

/** Returns the next moment at which the passing of time alone may change a decision; null when none is known. */
export function nextDecisionAtMs(
  table: LeasedTable,
  { deadlineGraceMs }: LeasedPolicy,
  nowMs: number,
): number | null {
  const times = table.rows.flatMap((row) =>
    row.deadlineAtMs === null || row.state === 'killing' ? [] : [row.deadlineAtMs + deadlineGraceMs],
  );
  times.push(table.lastLeaseAtMs + QUIET_MS, table.startNotBeforeMs);
  times.push(...table.rows.map(({ retireNotBeforeMs }) => retireNotBeforeMs));
  const future = times.filter((atMs) => atMs > nowMs);
  return future.length === 0 ? null : Math.min(...future);
}

function overdue({ rows }: LeasedTable, { deadlineGraceMs }: LeasedPolicy, nowMs: number): LeasedDecision[] {
  const late = rows.filter(
    ({ state, deadlineAtMs }) =>
      state !== 'killing' && deadlineAtMs !== null && nowMs >= deadlineAtMs + deadlineGraceMs,
  );
  return late.map(({ workerId, deadlineAtMs }) => ({
    type: 'kill',
    workerId,
    reason: `its query is ${Math.round(nowMs - (deadlineAtMs ?? nowMs))} ms past its deadline`,
  }));
}

function starts(table: LeasedTable, policy: LeasedPolicy, nowMs: number): LeasedDecision[] {
  if (nowMs < table.startNotBeforeMs) return [];
  const { rows, waiting } = table;
  const starting = count(rows, 'starting');
  const idle = idleRows(rows).length;
  const affordable = table.mayFork ? policy.max : Math.min(1, policy.max);
  const room = Math.min(affordable - rows.length, policy.startConcurrency - starting);
  const missing = idle === 0 || waiting > 0 || isQuiet(table, nowMs) ? policy.spares - idle - starting : 0;
  const wanted = Math.max(missing, idle === 0 ? waiting - starting : 0);
  const number = Math.max(0, Math.min(room, wanted));
  if (number > 0) {
    const reason = waiting > 0 ? `${waiting} queries wait` : `${idle} idle of ${policy.spares}`;
    return Array.from({ length: number }, () => ({ type: 'start', replacing: false, reason }));
  }
  const replace = starting === 0 && room > 0 && needsReplacement(table, policy, nowMs);
  return replace ? [{ type: 'start', replacing: true, reason: 'to replace a used worker' }] : [];
}

/**
 * Tells whether a used worker should be replaced: it is quiet, nothing runs, a used worker is idle within the stock, and no
 * replacement is under way. Starting a worker takes a core for some 200 ms, which made a running query 1.5 times slower.
 */
function needsReplacement(table: LeasedTable, policy: LeasedPolicy, nowMs: number): boolean {
  if (!table.mayFork || !isQuiet(table, nowMs)) return false;
  if (inChange(table.rows) || count(table.rows, 'leased') > 0) return false;
  const fresh = count(table.rows, 'idle-fresh');
  return fresh < policy.spares && count(table.rows, 'idle-used') > 0;
}

/** Retires at most one worker at a time. */
function retirement(table: LeasedTable, policy: LeasedPolicy, nowMs: number): LeasedDecision[] {
  const { rows } = table;
  if (count(rows, 'retiring') > 0) return [];
  const idle = idleRows(rows).filter(({ retireNotBeforeMs }) => nowMs >= retireNotBeforeMs);
  const used = byWear(idle.filter(({ state }) => state === 'idle-used'));
  const limited = idle.map((row) => ({ row, met: metLimit(row, policy, nowMs) }));
  const over = limited.find(({ met }) => met !== null);
  if (over !== undefined && over.met !== null) return retire(over.row, over.met.reason, over.met.limit);
  const [leastNeeded] = byWear(idle);
  if (leastNeeded !== undefined && rows.length - count(rows, 'killing') > policy.max)
    return retire(leastNeeded, `${rows.length} live of ${policy.max}`, null);
  const [mostUsed] = used;
  if (mostUsed !== undefined && rows.some((row) => row.replacing && row.state === 'idle-fresh'))
    return retire(mostUsed, `served ${mostUsed.queriesServed}; a fresh one is ready`, 'used');
  // There is no room for a fresh worker beside the used one, so the used one goes first.
  const full = rows.length >= policy.max && count(rows, 'killing') === 0;
  if (mostUsed !== undefined && full && needsReplacement(table, policy, nowMs))
    return retire(mostUsed, `served ${mostUsed.queriesServed}; makes room for a fresh one`, 'used');
  const excess = byWear(idle).find(({ idleSinceMs }) => nowMs - (idleSinceMs ?? nowMs) >= EXCESS_IDLE_MS);
  const tooMany = idleRows(rows).length > policy.spares;
  return tooMany && excess !== undefined
    ? retire(excess, `${idle.length} idle of ${policy.spares}`, null)
    : [];
}

function metLimit(
  row: LeasedRow,
  policy: LeasedPolicy,
  nowMs: number,
): { readonly limit: RecycleLimit; readonly reason: string } | null {
  const ageMs = nowMs - row.startedAtMs;
  if (row.queriesServed >= policy.maxQueriesPerWorker)
    return { limit: 'queries', reason: `served ${row.queriesServed} queries` };
  if (ageMs >= policy.maxAgeMs) return { limit: 'age', reason: `${Math.round(ageMs / 1000)} s old` };
  if (row.rssBytes !== null && row.rssBytes >= policy.maxRssBytes)
    return { limit: 'rss', reason: `uses ${row.rssBytes} bytes of memory` };
  return null;
}

function retire({ workerId }: LeasedRow, reason: string, limit: RecycleLimit | null): LeasedDecision[] {
  return [{ type: 'retire', workerId, reason, limit }];
}

function isQuiet(table: LeasedTable, nowMs: number): boolean {
  return table.waiting === 0 && nowMs >= table.lastLeaseAtMs + QUIET_MS;
}

function inChange(rows: readonly LeasedRow[]): boolean {
  return rows.some(({ state, replacing }) => state === 'retiring' || (replacing && state !== 'killing'));
}

function idleRows(rows: readonly LeasedRow[]): LeasedRow[] {
  return rows.filter(({ state }) => state === 'idle-fresh' || state === 'idle-used');
}

function count(rows: readonly LeasedRow[], state: LeasedState): number {
  return rows.filter((row) => row.state === state).length;
}

/** Returns the rows sorted: the most used first, then the oldest. */
function byWear(rows: readonly LeasedRow[]): LeasedRow[] {
  return [...rows].sort((a, b) => b.queriesServed - a.queriesServed || a.startedAtMs - b.startedAtMs);
}
