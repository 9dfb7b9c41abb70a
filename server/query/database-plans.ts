/** Asks the databases of an explained query how they would run their parts, in their own words. Nothing runs. */
import type { ParameterValue } from '../../core/protocol/parameters.ts';
import type { QueryRecord } from '../history/registry.ts';
import { boundKinds, boundTexts } from '../planning/source-sql.ts';
import type { RunDeps } from './run.ts';
import { callInSlot } from './slot-call.ts';

/** A source as the answer of /v1/explain shows it. */
interface ExplainedSource {
  readonly connection: string;
  readonly sql: string;
  readonly parameters: readonly string[];
}

interface Explained {
  readonly sources: readonly ExplainedSource[];
}

/** Returns the answer with `databasePlan` in each source: null where its database tells none. `json`: the answer of /v1/explain. */
export async function withDatabasePlans(
  deps: RunDeps,
  json: string,
  parameters: Readonly<Record<string, ParameterValue>>,
  query: QueryRecord,
): Promise<string> {
  const explained = JSON.parse(json) as Explained; // our own planner's
  const sources = [];
  for (const source of explained.sources)
    sources.push({ ...source, databasePlan: await planOf(deps, source, parameters, query) });
  return JSON.stringify({ ...explained, sources });
}

async function planOf(
  deps: RunDeps,
  source: ExplainedSource,
  parameters: Readonly<Record<string, ParameterValue>>,
  query: QueryRecord,
): Promise<string | null> {
  const { connection, sql } = source;
  if (deps.connections.isScanned(connection)) return null;
  const role = deps.connections.roleOf(connection, query.principal);
  const slot = await deps.sqlSlots.lane.acquire(query);
  const call = {
    type: 'explain' as const,
    ...{ queryId: query.queryId, principal: query.principal.id, connection, role, sql },
    ...{ deadlineAt: query.deadlineAt, functions: [] },
    parameters: boundTexts(source, parameters),
    parameterKinds: boundKinds(source, parameters),
  };
  const { plan } = await callInSlot(slot, query, deps.cancelGraceMs, () => slot.socket.call(call));
  return plan;
}
