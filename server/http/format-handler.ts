/** POST /v1/format: returns the query formatted. It needs no database, so it has no query id and takes no slot. */
import type { Request, RequestHandler, Response } from 'express';
import { QueryError } from '../../core/protocol/errors.ts';
import { PROBLEM_TYPE, problemOf } from '../answer/problem.ts';
import type { AppDeps } from './app-deps.ts';
import { readFormatRequest } from './request/tool-request.ts';
import { asTool } from './tool-asker.ts';

export function formatHandler(deps: AppDeps): RequestHandler {
  return async (request: Request, response: Response) => {
    const { query: text, language } = readFormatRequest(request, deps.limits.queryBytes);
    try {
      const query = await asTool(request, response, (asker) =>
        deps.run.planner.format(text, language, asker),
      );
      response.json({ query, changed: query !== text });
    } catch (thrown) {
      const error = QueryError.from(thrown);
      // The application's own handler reports internal errors; all others point into the query's text.
      if (error.code === 'internal') throw error;
      const problem = problemOf(error.toWire(), { queryText: text });
      response
        .status(problem.status)
        .type(PROBLEM_TYPE)
        .send(`${JSON.stringify(problem)}\n`);
    }
  };
}
