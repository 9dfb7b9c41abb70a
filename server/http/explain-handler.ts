/** POST and GET /v1/explain: plans a query without running it, and shows the plan. */
import type { Request, RequestHandler, Response } from 'express';
import type { QueryRecord } from '../history/registry.ts';
import { answererOf, notingDrift, planKey } from '../query/run-query.ts';
import { withoutRunning } from '../query/without-running.ts';
import type { AppDeps } from './app-deps.ts';
import { bodyOf, type QueryRequest, readQueryRequest } from './request/query-request.ts';

export function explainHandler(deps: AppDeps): RequestHandler {
  return async (request: Request, response: Response) => {
    const asked = readQueryRequest(request, bodyOf(request), deps.limits.queryBytes);
    await withoutRunning(
      deps,
      request,
      response,
      asked,
      'explain',
      (query) => explain(deps, asked, query),
      ({ queryId }, json) => {
        response.setHeader('Query-Id', queryId);
        response.type('json').send(json);
      },
    );
  };
}

/** Returns the answer as JSON. */
async function explain({ run }: AppDeps, asked: QueryRequest, query: QueryRecord): Promise<string> {
  const key = planKey(run, asked, query.principal);
  const answer = answererOf(run, asked, query);
  const { json, connections } = await notingDrift(run, run.planner.explain(key, answer, query));
  // The text may name further connections. A query without stages asks no database, so nothing else would notice a wrong name.
  for (const connection of connections) run.connections.check(connection, query.principal);
  return json;
}
