/** The process table with the queries that each process works on, and the kinds of database or files that these read. */
import type { ProcessRow, WorkedQuery } from '../../core/protocol/monitor.ts';
import type { QueryRecord } from '../history/registry.ts';
import type { WatchedConnections } from './connections.ts';

export type ProcessWithQueries = ProcessRow & { readonly queries: readonly WorkedQuery[] };

/** `running`: the queries that run, each with the processes that work on it now. */
export function withWorkedQueries(
  processes: readonly ProcessRow[],
  running: readonly Pick<QueryRecord, 'queryId' | 'connection' | 'pids'>[],
  connections: Pick<WatchedConnections, 'dialectOf'>,
): readonly ProcessWithQueries[] {
  const byPid = new Map<number, WorkedQuery[]>();
  for (const { queryId, connection, pids } of running) {
    const worked: WorkedQuery = { queryId, connection, kind: connections.dialectOf(connection) ?? null };
    for (const pid of pids) byPid.set(pid, [...(byPid.get(pid) ?? []), worked]);
  }
  return processes.map((row) => ({ ...row, queries: byPid.get(row.pid) ?? [] }));
}
