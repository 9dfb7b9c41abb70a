/** Asks a connection's database, through a SQL worker, for the tables and columns that queries may read. */
import type { IntrospectReply } from '../../core/protocol/sql-worker.ts';
import type { QueryRecord } from '../history/registry.ts';
import { readFilesCatalog } from './files-calls.ts';
import type { RunDeps } from './run.ts';
import { callInSlot } from './slot-call.ts';

const MAX_COLUMNS = 20_000;

/** Returns the tables. Rejects with the SQL worker's error. */
export async function readCatalog(
  deps: RunDeps,
  connection: string,
  query: QueryRecord,
): Promise<IntrospectReply> {
  if (deps.connections.isScanned(connection)) return readFilesCatalog(deps, connection, query, MAX_COLUMNS);
  const role = deps.connections.roleOf(connection, query.principal);
  const slot = await deps.sqlSlots.lane.acquire(query);
  const { queryId, deadlineAt } = query;
  const principal = query.principal.id;
  const call = {
    ...{ type: 'introspect' as const, queryId, principal, connection, role },
    ...{ deadlineAt, maxColumns: MAX_COLUMNS },
  };
  return callInSlot(slot, query, deps.cancelGraceMs, () => slot.socket.call(call));
}
