/**
 * The API: one line a route, so that this file is its table of contents, on Express; only the usual POST /v1/query goes
 * past it (query-route.ts). Every failure, wherever it is thrown, leaves as an RFC 9457 problem.
 */
import type { RequestListener } from 'node:http';
import express, {
  type ErrorRequestHandler,
  type Express,
  type NextFunction,
  type Request,
  type Response,
} from 'express';
import { QueryError } from '../workers/errors.ts';
import type { AppDeps } from './app-deps.ts';
import { countBody } from './body-budget.ts';
import { completeHandler } from './complete-handler.ts';
import { docsPage } from './docs-page.ts';
import { explainHandler } from './explain-handler.ts';
import { formatHandler } from './format-handler.ts';
import { openapiDocument } from './openapi.ts';
import { createOperations } from './operations.ts';
import { answerProblem } from './problem-handler.ts';
import { handleQuery } from './query-handler.ts';
import { bodyOf, readQueryRequest } from './query-request.ts';
import { answerQuery, isUsualQuery, QUERY_PATH } from './query-route.ts';
import { countAnswer } from './request-metrics.ts';

/** JSON escapes make a body larger than the query text in it; parameters come on top. */
const BODY_OVERHEAD_BYTES = 1024 * 1024;

export function createApp(deps: AppDeps): RequestListener {
  const bodyBytes = deps.limits.queryBytes + BODY_OVERHEAD_BYTES;
  const app = createRoutes(deps, bodyBytes);
  return (request, response) => {
    if (isUsualQuery(request)) void answerQuery(deps, bodyBytes, request, response);
    else app(request, response);
  };
}

function createRoutes(deps: AppDeps, bodyBytes: number): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // The query string is read by query-request.ts, which refuses what it does not know.
  app.set('query parser', false);
  const body = [countBody(deps.bodies, bodyBytes), express.raw({ type: () => true, limit: bodyBytes })];
  const operations = createOperations(deps);
  app.use(countRequest(deps));

  const query = (request: Request, response: Response) =>
    handleQuery(deps, request, response, readQueryRequest(request, bodyOf(request), deps.limits.queryBytes));
  // A HEAD would run the whole query to throw its answer away.
  const queryMethods = methodNotAllowed('GET, POST');
  app.route(QUERY_PATH).head(queryMethods).post(body, query).get(query).all(queryMethods);
  const explain = explainHandler(deps);
  app.route('/v1/explain').head(queryMethods).post(body, explain).get(explain).all(queryMethods);
  app.route('/v1/format').post(body, formatHandler(deps)).all(methodNotAllowed('POST'));
  app.route('/v1/complete').post(body, completeHandler(deps)).all(methodNotAllowed('POST'));

  app.route('/v1/queries').get(operations.listQueries).all(methodNotAllowed('GET'));
  app
    .route('/v1/queries/:queryId')
    .get(operations.showQuery)
    .delete(operations.cancelQuery)
    .all(methodNotAllowed('GET, DELETE'));
  app.route('/v1/processes').get(operations.processes).all(methodNotAllowed('GET'));
  app.route('/v1/logs').get(operations.logs).all(methodNotAllowed('GET'));
  app.route('/v1/logs/summary').get(operations.logSummary).all(methodNotAllowed('GET'));
  app.route('/v1/limits').get(operations.limits).all(methodNotAllowed('GET'));
  app.route('/metrics').get(operations.metrics).all(methodNotAllowed('GET'));
  app.route('/livez').get(operations.live).all(methodNotAllowed('GET'));
  app.route('/readyz').get(operations.ready).all(methodNotAllowed('GET'));
  app
    .route('/openapi.json')
    .get((_, response) => void response.json(openapiDocument(deps.limits)))
    .all(methodNotAllowed('GET'));
  app
    .route('/docs')
    .get((_, response) => void response.type('html').send(docsPage))
    .all(methodNotAllowed('GET'));
  app
    .route('/')
    .get((_, response) => response.redirect('/docs'))
    .all(methodNotAllowed('GET'));
  app.use((request) => {
    throw new QueryError('not-found', `there is nothing at ${request.path}`, {
      hint: 'GET /openapi.json lists what there is; POST /v1/query runs a query.',
    });
  });
  app.use(problemHandler(deps));
  return app;
}

function countRequest({ metrics }: AppDeps) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const { method } = request;
    // Set by the router where one fits.
    countAnswer(metrics, method, response, () => (request as { route?: { path: string } }).route?.path);
    next();
  };
}

function methodNotAllowed(allow: string) {
  return (request: Request, response: Response): void => {
    response.setHeader('Allow', allow);
    throw new QueryError('method-not-allowed', `${request.method} is not possible here`, {
      hint: `Use ${allow}.`,
    });
  };
}

function problemHandler(deps: AppDeps): ErrorRequestHandler {
  return (thrown: unknown, request: Request, response: Response, _next: NextFunction): void =>
    answerProblem(deps, thrown, request, response);
}
