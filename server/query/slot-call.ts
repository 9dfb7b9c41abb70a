/**
 * Calls a SQL worker in a slot. An abort of the query cancels the call, down to the database. The caller then need not wait,
 * but the slot is given back only when the worker has replied.
 */

import { raceCancellation } from '../../core/process/race-cancellation.ts';
import type { SqlSlot } from '../admission/sql-slots.ts';
import { noteLoss } from '../history/lost-worker.ts';
import type { QueryRecord } from '../history/registry.ts';

export async function callInSlot<R>(
  slot: SqlSlot,
  query: QueryRecord,
  cancelGraceMs: number,
  work: () => Promise<R>,
): Promise<R> {
  query.pids.push(slot.pid);
  const call = query.trace.time(query.phase === 'describe' ? 'describe' : 'sql', work());
  try {
    return await raceCancellation(query.cancellation, call, () => slot.socket.cancel(query.queryId));
  } catch (thrown) {
    noteLoss(query, thrown, () => ({ workerId: slot.socket.workerId, shared: slot.wasShared() }));
    throw thrown;
  } finally {
    query.pids = query.pids.filter((pid) => pid !== slot.pid);
    if (slot.socket.busy) void releaseWhenSettled(slot, call, cancelGraceMs);
    else slot.release();
  }
}

/** Releases the slot when the call has ended. A worker that does not answer a cancel loses the slot's socket, which makes it end the query. */
async function releaseWhenSettled(slot: SqlSlot, call: Promise<unknown>, graceMs: number): Promise<void> {
  const abortedAt = performance.now();
  const timer = setTimeout(() => slot.socket.close(), graceMs);
  await call.catch(() => {}); // the query has its error already; here only the call's end matters
  clearTimeout(timer);
  slot.cancelled(performance.now() - abortedAt);
  slot.release();
}
