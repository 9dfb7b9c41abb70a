/** POST and GET /v1/explain: everything about a query short of running it. */
import type { Request, RequestHandler, Response } from 'express';
import type { ExplainedQuery } from '../language/explain.ts';
import { type Column, typeName } from '../language/types.ts';
import { answerAsk } from './answer-ask.ts';
import type { AppDeps } from './app-deps.ts';
import { checkConnection } from './check-connection.ts';
import type { QueryRecord } from './query-registry.ts';
import { bodyOf, type QueryRequest, readQueryRequest } from './query-request.ts';
import { planKey } from './run-query.ts';
import { withoutRunning } from './without-running.ts';

export function explainHandler(deps: AppDeps): RequestHandler {
  return async (request: Request, response: Response) => {
    const asked = readQueryRequest(request, bodyOf(request), deps.limits.queryBytes);
    await withoutRunning(
      deps,
      request,
      response,
      asked,
      (query) => explain(deps, asked, query),
      ({ queryId }, explained) => void response.setHeader('Query-Id', queryId).json(explained),
    );
  };
}

async function explain({ run }: AppDeps, asked: QueryRequest, query: QueryRecord): Promise<unknown> {
  const key = planKey(run, asked);
  const explained = await run.planner.explain(key, (ask) => answerAsk(run, asked, ask, query));
  // One that the query's text names; a query without stages asks no database.
  for (const { connection } of explained.plan.sources) checkConnection(run, connection);
  return viewOf(explained);
}

/** Types by their names, as in answers. */
function viewOf({ tokens, plan }: ExplainedQuery): object {
  const { sources, worker } = plan;
  return {
    sources: sources.map(({ connection, sql, parameters, columns }) => ({
      connection,
      sql,
      parameters,
      columns: named(columns),
    })),
    worker: worker && { sql: worker.sql, parameters: worker.parameters },
    stages: plan.stages.map((stage) => ({ ...stage, columns: named(stage.columns) })),
    columns: named(plan.columns),
    warnings: plan.warnings,
    tokens,
  };
}

function named(columns: readonly Column[] | null): { name: string; type: string }[] | null {
  return columns?.map(({ name, type }) => ({ name, type: typeName(type) })) ?? null;
}
