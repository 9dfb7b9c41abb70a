/**
 * The Express application: one line a route, so that this file is the API's table of contents. Every failure,
 * wherever it is thrown, leaves as an RFC 9457 problem.
 */
import express, {
  type ErrorRequestHandler,
  type Express,
  type NextFunction,
  type Request,
  type Response,
} from 'express';
import { QueryError } from '../workers/errors.ts';
import type { AppDeps } from './app-deps.ts';
import { completeHandler } from './complete-handler.ts';
import { docsPage } from './docs-page.ts';
import { explainHandler } from './explain-handler.ts';
import { formatHandler } from './format-handler.ts';
import { openapiDocument } from './openapi.ts';
import { createOperations } from './operations.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';
import { handleQuery } from './query-handler.ts';
import { bodyOf, queryTooLarge, readQueryRequest } from './query-request.ts';

/** JSON escapes make a body larger than the query text in it; parameters come on top. */
const BODY_OVERHEAD_BYTES = 1024 * 1024;

export function createApp(deps: AppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // The query string is read by query-request.ts, which refuses what it does not know.
  app.set('query parser', false);
  const body = express.raw({ type: () => true, limit: deps.limits.queryBytes + BODY_OVERHEAD_BYTES });
  const operations = createOperations(deps);
  app.use(countRequest(deps));

  const query = (request: Request, response: Response) =>
    handleQuery(deps, request, response, readQueryRequest(request, bodyOf(request), deps.limits.queryBytes));
  // A HEAD would run the whole query to throw its answer away.
  const queryMethods = methodNotAllowed('GET, POST');
  app.route('/v1/query').head(queryMethods).post(body, query).get(query).all(queryMethods);
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
    response.once('close', () => {
      const { route } = request as { route?: { path: string } }; // set by the router where one fits
      const status = response.writableFinished ? response.statusCode : null;
      metrics.requestEnded({ route: route?.path, method: request.method, status });
    });
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

function problemHandler({ limits, log, metrics }: AppDeps): ErrorRequestHandler {
  return (thrown: unknown, request: Request, response: Response, _next: NextFunction): void => {
    const error = fromExpress(thrown, limits.queryBytes);
    if (error.code === 'internal')
      log.error('internal-error', { method: request.method, path: request.path, error: thrown });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { limit, retryAfterSeconds } = error.details;
    metrics.limitHit(limit);
    if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', retryAfterSeconds);
    // The rest of an oversized body is not read: the connection cannot be used again.
    if (error.code === 'query-too-large') response.setHeader('Connection', 'close');
    const problem = problemOf(error.toWire(), {});
    response
      .status(problem.status)
      .type(PROBLEM_TYPE)
      .send(`${JSON.stringify(problem)}\n`);
  };
}

/** What body-parser and the router throw has a `type` and a `status`. */
function fromExpress(thrown: unknown, queryBytes: number): QueryError {
  if (thrown instanceof QueryError) return thrown;
  const { type, status, message } = thrown as { type?: string; status?: number; message?: string };
  if (type === 'entity.too.large') return queryTooLarge(queryBytes);
  if (type === 'encoding.unsupported') {
    return new QueryError('unsupported-media-type', `the body's encoding is not understood: ${message}`, {
      hint: 'Use gzip, deflate, br or none.',
    });
  }
  if (status !== undefined && status >= 400 && status < 500) {
    return new QueryError('bad-request', message ?? 'malformed request', { hint: 'See /openapi.json.' });
  }
  return QueryError.from(thrown);
}
