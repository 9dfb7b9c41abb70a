/** Which tables and columns a connection may read: asked of its database, in a SQL worker's slot. */
import type { IntrospectReply } from '../../core/protocol/sql-worker.ts';
import type { QueryRecord } from '../history/registry.ts';
import type { RunDeps } from './run.ts';
import { callInSlot } from './slot-call.ts';

const MAX_COLUMNS = 20_000;

/** Rejects with what the SQL worker finds wrong. */
export async function readCatalog(
  deps: RunDeps,
  connection: string,
  query: QueryRecord,
): Promise<IntrospectReply> {
  const slot = await deps.sqlSlots.lane.acquire(query);
  const { queryId, deadlineAt } = query;
  const principal = query.principal.id;
  const call = {
    ...{ type: 'introspect' as const, queryId, principal, connection },
    ...{ deadlineAt, maxColumns: MAX_COLUMNS },
  };
  return callInSlot(slot, query, deps.cancelGraceMs, () => slot.socket.call(call));
}
