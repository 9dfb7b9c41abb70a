/** POST and GET /v1/explain: everything about a query short of running it. */
import type { Request, RequestHandler, Response } from 'express';
import type { QueryRecord } from '../history/registry.ts';
import { answerAsk } from '../query/answer-ask.ts';
import { planKey } from '../query/run-query.ts';
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
      (query) => explain(deps, asked, query),
      ({ queryId }, json) => {
        response.setHeader('Query-Id', queryId);
        response.type('json').send(json);
      },
    );
  };
}

/** The answer's JSON. */
async function explain({ run }: AppDeps, asked: QueryRequest, query: QueryRecord): Promise<string> {
  const key = planKey(run, asked, query.principal);
  const { json, connections } = await run.planner.explain(
    key,
    (ask) => answerAsk(run, asked, ask, query),
    query,
  );
  // One that the query's text names; a query without stages asks no database.
  for (const connection of connections) run.connections.check(connection, query.principal);
  return json;
}
