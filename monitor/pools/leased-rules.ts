/**
 * The stock of leased workers, as pure decisions over a table: "fresh when it can be, recycled when it must".
 *
 *   starting --ready--> idle-fresh --lease--> leased --release(reusable)--> idle-used --lease--> leased
 *   idle-* --retire--> retiring --accepted--> (stopped)        retiring --lease--> leased (the server was faster)
 *   any --discard, deadline, no heartbeat--> killing --> (gone)
 *
 * - Demand forks: nothing is idle, or queries wait. In quiet time the stock is filled up as well.
 * - What served is replaced only in quiet time and while nothing runs, one at a time: the fresh one first, then the
 *   used one goes.
 * - The limits on age, queries and memory retire a worker once it is idle; nothing idle is killed for them.
 * - A lease past its deadline is killed, whatever the server thinks.
 * - While memory is short nothing is started but the first worker: without one no query could run at all.
 * - Above `max` (it was scaled down) idle ones retire until it holds.
 * - `max` counts every process that lives, also one that is being killed: memory is what it guards.
 */
import type { RecycleLimit } from '../../core/protocol/monitor.ts';

export type LeasedState = 'starting' | 'idle-fresh' | 'leased' | 'idle-used' | 'retiring' | 'killing';

export interface LeasedRow {
  readonly workerId: string;
  readonly state: LeasedState;
  readonly startedAtMs: number;
  /** The time at which it became idle; null while it is not. */
  readonly idleSinceMs: number | null;
  readonly queriesServed: number;
  readonly rssBytes: number | null;
  /** The end of its lease, on the monotonic clock; null without a lease. */
  readonly deadlineAtMs: number | null;
  /** Started to replace a used worker, which goes once this one is ready. */
  readonly replacing: boolean;
  /** The server refused to give it up: not asked again before this. */
  readonly retireNotBeforeMs: number;
}

export interface LeasedTable {
  readonly rows: readonly LeasedRow[];
  /** The number of queries that wait for a worker, as the server last said. */
  readonly waiting: number;
  /** The last lease or release. */
  readonly lastLeaseAtMs: number;
  /** No start before this: the crash brake. */
  readonly startNotBeforeMs: number;
  /** false: memory is short. */
  readonly mayFork: boolean;
}

export interface LeasedPolicy {
  readonly spares: number;
  readonly max: number;
  readonly maxQueriesPerWorker: number;
  readonly maxAgeMs: number;
  readonly maxRssBytes: number;
  /** The most that boot at once: booting costs CPU. */
  readonly startConcurrency: number;
  /** The server cancels at the deadline; the monitor steps in this much later. */
  readonly deadlineGraceMs: number;
}

export type LeasedDecision =
  | { readonly type: 'start'; readonly replacing: boolean; readonly reason: string }
  /** `limit`: the limit of its life that it met; null when there are too many. */
  | {
      readonly type: 'retire';
      readonly workerId: string;
      readonly reason: string;
      readonly limit: RecycleLimit | null;
    }
  | { readonly type: 'kill'; readonly workerId: string; readonly reason: string };

/** No lease for so long is quiet time. */
export const QUIET_MS = 250;
/** How long a worker above the stock may idle. */
export const EXCESS_IDLE_MS = 60_000;

export function decideLeased(table: LeasedTable, policy: LeasedPolicy, nowMs: number): LeasedDecision[] {
  return [
    ...overdue(table, policy, nowMs),
    ...starts(table, policy, nowMs),
    ...retirement(table, policy, nowMs),
  ];
}

/** When the passing of time alone may change a decision; null: not before the next event or sample. */
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
 * Quiet and nothing runs, something used is idle within the stock, and no replacement is under way. A boot takes a
 * core for some 200 ms: beside a running query it made that query 1.5 times slower, for the sake of the next one.
 */
function needsReplacement(table: LeasedTable, policy: LeasedPolicy, nowMs: number): boolean {
  if (!table.mayFork || !isQuiet(table, nowMs)) return false;
  if (inChange(table.rows) || count(table.rows, 'leased') > 0) return false;
  const fresh = count(table.rows, 'idle-fresh');
  return fresh < policy.spares && count(table.rows, 'idle-used') > 0;
}

/** At most one worker retires at a time. */
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
  // No room beside it for a fresh one, so it goes first.
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

/** The most used first, then the oldest. */
function byWear(rows: readonly LeasedRow[]): LeasedRow[] {
  return [...rows].sort((a, b) => b.queriesServed - a.queriesServed || a.startedAtMs - b.startedAtMs);
}
