/** POST and GET /v1/explain: everything about a query short of running it. */

import type { Request, RequestHandler, Response } from 'express';
import type { ExplainedQuery } from '../language/explain.ts';
import { quotableValues } from '../language/parameters.ts';
import { type Column, typeName } from '../language/types.ts';
import { withoutValues } from '../logger/redact-values.ts';
import { QueryError } from '../workers/errors.ts';
import { answerAsk } from './answer-ask.ts';
import type { AppDeps } from './app-deps.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';
import { startQuery } from './query-handler.ts';
import type { QueryRecord } from './query-registry.ts';
import { bodyOf, type QueryRequest, readQueryRequest } from './query-request.ts';
import { planKey } from './run-query.ts';

export function explainHandler(deps: AppDeps): RequestHandler {
  return async (request: Request, response: Response) => {
    const asked = readQueryRequest(request, bodyOf(request), deps.limits.queryBytes);
    const query = startQuery(deps, request, asked);
    let error: QueryError | null = null;
    response.setHeader('Query-Id', query.queryId);
    try {
      response.json(await explain(deps, asked, query));
    } catch (thrown) {
      error = QueryError.from(thrown);
      if (error.code === 'internal') {
        const told = withoutValues(thrown, quotableValues(asked.parameters));
        deps.log.error('internal-error', { queryId: query.queryId, error: told });
      }
      const problem = problemOf(error.toWire(), { queryId: query.queryId, queryText: asked.text });
      response
        .status(problem.status)
        .type(PROBLEM_TYPE)
        .send(`${JSON.stringify(problem)}\n`);
    } finally {
      deps.registry.end(query, error?.toWire() ?? null, Date.now());
    }
  };
}

async function explain({ run }: AppDeps, asked: QueryRequest, query: QueryRecord): Promise<unknown> {
  const key = planKey(run, asked);
  return viewOf(await run.planner.explain(key, (ask) => answerAsk(run, asked, ask, query)));
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
