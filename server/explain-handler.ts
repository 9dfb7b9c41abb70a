/** POST and GET /v1/explain: everything about a query short of running it. */
import type { Request, RequestHandler, Response } from 'express';
import { withoutValues } from '../logger/redact-values.ts';
import { QueryError } from '../workers/errors.ts';
import { answerAsk } from './answer-ask.ts';
import type { AppDeps } from './app-deps.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';
import { startQuery } from './query-handler.ts';
import type { QueryRecord } from './query-registry.ts';
import { bodyOf, type QueryRequest, readQueryRequest } from './query-request.ts';
import { planKey } from './run-query.ts';
import { toldError } from './told-error.ts';

export function explainHandler(deps: AppDeps): RequestHandler {
  return async (request: Request, response: Response) => {
    const asked = readQueryRequest(request, bodyOf(request), deps.limits.queryBytes);
    const query = startQuery(deps, request, asked);
    let error: QueryError | null = null;
    response.setHeader('Query-Id', query.queryId);
    try {
      response.type('json').send(await explain(deps, asked, query));
    } catch (thrown) {
      error = QueryError.from(thrown);
      if (error.code === 'internal') {
        const told = withoutValues(thrown, Object.values(asked.parameters));
        deps.log.error('internal-error', { queryId: query.queryId, error: told });
      }
      const problem = problemOf(error.toWire(), { queryId: query.queryId, queryText: asked.text });
      response
        .status(problem.status)
        .type(PROBLEM_TYPE)
        .send(`${JSON.stringify(problem)}\n`);
    } finally {
      const told = error === null ? null : toldError(error.toWire(), asked.text, asked.parameters);
      deps.registry.end(query, told, Date.now());
    }
  };
}

/** The answer's JSON. */
async function explain({ run }: AppDeps, asked: QueryRequest, query: QueryRecord): Promise<string> {
  const key = planKey(run, asked);
  return run.planner.explain(key, (ask) => answerAsk(run, asked, ask, query), query);
}
