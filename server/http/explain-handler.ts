/** /v1/explain and /v1/explain/draft: plan a query without running it, and show the plan. */
import type { Request, RequestHandler, Response } from 'express';
import { type QueryRecord, QueryRegistry } from '../history/registry.ts';
import { answerAsk } from '../query/answer-ask.ts';
import { planKey } from '../query/run-query.ts';
import { withoutRunning } from '../query/without-running.ts';
import type { AppDeps } from './app-deps.ts';
import { bodyOf, type QueryRequest, readQueryRequest } from './request/query-request.ts';

const DRAFT_MS = 5000;
const DRAFTS_PER_CLIENT = 8;

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

/**
 * Explains a text that somebody is writing. Such a text is not a query of the user: it has its own registry, so that typing does
 * not push queries out of GET /v1/queries or count against the limits of queries, and a short deadline.
 */
export function draftHandler(deps: AppDeps): RequestHandler {
  const { timeoutMs, maxTimeoutMs } = deps.limits;
  return explainHandler({
    ...deps,
    registry: new QueryRegistry(0),
    rates: { take: () => {} },
    limits: {
      ...deps.limits,
      perClient: DRAFTS_PER_CLIENT,
      timeoutMs: Math.min(timeoutMs, DRAFT_MS),
      maxTimeoutMs: Math.min(maxTimeoutMs, DRAFT_MS),
    },
  });
}

/** Returns the answer as JSON. */
async function explain({ run }: AppDeps, asked: QueryRequest, query: QueryRecord): Promise<string> {
  const key = planKey(run, asked, query.principal);
  const { json, connections } = await run.planner.explain(
    key,
    (ask) => answerAsk(run, asked, ask, query),
    query,
  );
  // The text may name further connections. A query without stages asks no database, so nothing else would notice a wrong name.
  for (const connection of connections) run.connections.check(connection, query.principal);
  return json;
}
