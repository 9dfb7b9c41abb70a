/**
 * Finds the facts of a plan's source: how its answer may change while its tables do not, and which tables it reads. A planner thread
 * finds the names in its SQL, and its database says what they are. That takes some milliseconds and a slot, so it is for queries
 * whose answers are to be kept, and never stands in front of one that only runs.
 */
import type { ParameterValue } from '../../core/protocol/parameters.ts';
import type { SourcePlan } from '../../core/protocol/plan.ts';
import type { SqlFacts } from '../../core/protocol/sql-facts.ts';
import type { QueryRecord } from '../history/registry.ts';
import { boundTexts } from '../planning/source-sql.ts';
import type { RunDeps } from './run.ts';
import { callInSlot } from './slot-call.ts';

/** Returns the facts of the statement as it is sent: those of the stages that are placed in it too. Rejects with the SQL worker's error. */
export async function factsOfSource(
  deps: RunDeps,
  source: SourcePlan,
  parameters: Readonly<Record<string, ParameterValue>>,
  query: QueryRecord,
): Promise<SqlFacts> {
  const { connection, sql } = source;
  const role = deps.connections.roleOf(connection, query.principal);
  const names = await deps.planner.namesIn(source, boundTexts(source, parameters), query);
  const slot = await deps.sqlSlots.lane.acquire(query);
  const { queryId, deadlineAt } = query;
  const principal = query.principal.id;
  const call = { type: 'facts' as const, queryId, principal, connection, role, deadlineAt, sql, names };
  return callInSlot(slot, query, deps.cancelGraceMs, () => slot.socket.call(call));
}
