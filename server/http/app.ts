/**
 * The API's routes, one line each, so that this file is its table of contents. Express serves them, except for the usual
 * POST /v1/query, which bypasses it (query-route.ts). The gate stands in front of both. Every failure, wherever it is
 * thrown, is answered with an RFC 9457 problem document.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import express, {
  type ErrorRequestHandler,
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import { packageVersion } from '../../core/process/package-version.ts';
import type { AnswerFormat } from '../../core/protocol/answer.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { type Principal, principalOf, rememberPrincipal } from '../../core/protocol/principal.ts';
import { requireRight } from '../access/require-right.ts';
import { countBody } from '../admission/body-budget.ts';
import { setSecurityHeaders } from '../answer/security-headers.ts';
import { createLegacyRoutes } from '../legacy/routes.ts';
import { handleQuery } from '../query/handler.ts';
import type { AppDeps } from './app-deps.ts';
import { createCacheRoutes } from './cache-routes.ts';
import { addCatalogueRoutes } from './catalogue-paths.ts';
import { completeHandler } from './complete-handler.ts';
import { connectionHandlers } from './connections-handler.ts';
import { consoleFile, consolePage } from './console-page.ts';
import { docsPage, docsScript, docsStyle } from './docs-page.ts';
import { offeredKeys, openBody } from './encrypted-body.ts';
import { databasePlanHandler, draftHandler, explainHandler } from './explain-handler.ts';
import { formatHandler } from './format-handler.ts';
import { LEGACY_LOGIN } from './gate.ts';
import { headHandler } from './head-handler.ts';
import { createJobRoutes } from './job-routes.ts';
import { openapiDocument } from './openapi.ts';
import { createOperations } from './operations.ts';
import { answerProblem } from './problem-handler.ts';
import { answerQuery, isUsualQuery, QUERY_PATH } from './query-route.ts';
import { ANSWER_FORMATS } from './request/accepted-format.ts';
import { bodyOf, readQueryRequest } from './request/query-request.ts';
import { countAnswer } from './request-metrics.ts';
import { addRoute } from './route.ts';

/** Bytes that a body may have beyond the query's text: JSON escapes make the text longer, and there may be parameters. */
const BODY_OVERHEAD_BYTES = 1024 * 1024;
/** The largest body of a repository of models. */
const REPOSITORY_BYTES = 16 * 1024 * 1024;

export function createApp(deps: AppDeps): RequestListener {
  const bodyBytes = deps.limits.queryBytes + BODY_OVERHEAD_BYTES;
  const app = createRoutes(deps, bodyBytes);
  const answer = (principal: Principal, request: IncomingMessage, response: ServerResponse): void => {
    if (isUsualQuery(request)) {
      void answerQuery(deps, bodyBytes, principal, request, response);
      return;
    }
    rememberPrincipal(request, principal);
    setSecurityHeaders(response);
    app(request, response);
  };
  return (request, response) => {
    const principal = admit(deps, request, response);
    if (principal instanceof Promise)
      principal.then(
        (known) => answer(known, request, response),
        (thrown) => refuse(deps, thrown, request, response),
      );
    else if (principal !== null) answer(principal, request, response);
  };
}

/** Returns who sent the request; null when the gate has answered it already (a refusal or a preflight). */
function admit(
  deps: AppDeps,
  request: IncomingMessage,
  response: ServerResponse,
): Principal | Promise<Principal> | null {
  try {
    const principal = deps.gate.admit(request, response);
    if (principal === null) countRefusal(deps, request, response);
    return principal;
  } catch (thrown) {
    refuse(deps, thrown, request, response);
    return null;
  }
}

function refuse(deps: AppDeps, thrown: unknown, request: IncomingMessage, response: ServerResponse): void {
  answerProblem(deps, thrown, request, response);
  countRefusal(deps, request, response);
}

function countRefusal({ metrics }: AppDeps, { method }: IncomingMessage, response: ServerResponse): void {
  countAnswer(metrics, method, response, () => 'gate');
}

function createRoutes(deps: AppDeps, bodyBytes: number): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // server/http/request/query-request.ts reads the query string instead, and refuses unknown options.
  app.set('query parser', false);
  const body = [countBody(deps.bodies, bodyBytes), express.raw({ type: () => true, limit: bodyBytes })];
  const queryBody = [...body, openBody(deps.encryption)];
  const operations = createOperations(deps);
  app.use(countRequest(deps));

  const ask = requireRight('ask');
  const logs = requireRight('logs');
  const explain = explainHandler(deps);
  addQueryRoute(app, QUERY_PATH, deps, queryBody);
  for (const format of ANSWER_FORMATS) addQueryRoute(app, `${QUERY_PATH}.${format}`, deps, queryBody, format);
  addRoute(app, '/v1/explain', { GET: [ask, explain], POST: [ask, ...queryBody, explain] });
  addRoute(app, '/v1/explain/database', { POST: [ask, ...queryBody, databasePlanHandler(deps)] });
  addRoute(app, '/v1/explain/draft', { POST: [ask, ...body, draftHandler(deps)] });
  addRoute(app, '/v1/format', { POST: [ask, ...body, formatHandler(deps)] }, 'none');
  addRoute(app, '/v1/complete', { POST: [ask, ...body, completeHandler(deps)] }, 'none');

  const largeBody = [
    countBody(deps.bodies, REPOSITORY_BYTES),
    express.raw({ type: () => true, limit: REPOSITORY_BYTES }),
  ];
  addCatalogueRoutes(app, deps.catalogueHandlers?.(deps) ?? null, body, largeBody);

  addConnectionRoutes(app, deps, body);
  addRoute(app, '/v1/queries', { GET: [operations.listQueries] }, 'none');
  addRoute(
    app,
    '/v1/queries/:queryId',
    { GET: [operations.showQuery], DELETE: [operations.cancelQuery] },
    'none',
  );
  addRoute(app, '/v1/processes', { GET: [requireRight('processes'), operations.processes] }, 'none');
  addRoute(app, '/v1/logs', { GET: [logs, operations.logs] });
  addRoute(app, '/v1/logs/summary', { GET: [logs, operations.logSummary] });
  addRoute(app, '/v1/limits', { GET: [operations.limits] }, 'none');
  const cache = createCacheRoutes(deps);
  addRoute(app, '/v1/cache', { GET: [cache.show] });
  addRoute(app, '/v1/cache/purge', { POST: [...body, cache.purge] }, 'none');
  const jobs = createJobRoutes(deps);
  addRoute(app, '/v1/jobs', { GET: [jobs.list] }, 'none');
  addRoute(app, '/v1/jobs/:jobId', { GET: [jobs.show], DELETE: [jobs.end] }, 'none');
  addRoute(app, '/v1/jobs/:jobId/result', { GET: [jobs.result] });
  addLegacyRoutes(app, deps, body);
  addRoute(app, '/metrics', { GET: [requireRight('metrics'), operations.metrics] }, 'none');
  addRoute(app, '/.well-known/jwks.json', { GET: [offeredKeys(deps.encryption)] }, 'none');
  addRoute(app, '/livez', { GET: [operations.live] }, 'none');
  addRoute(app, '/readyz', { GET: [operations.ready] }, 'none');
  const about = { version: packageVersion(), limits: deps.limits };
  const document = openapiDocument(about);
  const description: RequestHandler = async (request, response) => {
    const published = await deps.publishedModels?.(principalOf(request));
    response.json(published === undefined ? document : openapiDocument(about, published));
  };
  addRoute(app, '/openapi.json', { GET: [description] }, 'none');
  addRoute(app, '/docs', { GET: [docsPage] });
  addRoute(app, '/docs.css', { GET: [docsStyle] });
  addRoute(app, '/docs.js', { GET: [docsScript] });
  addRoute(app, '/', { GET: [consolePage] });
  addRoute(app, '/console/:file', { GET: [consoleFile] });
  app.use((request) => {
    throw new QueryError('not-found', `there is nothing at ${request.path}`, {
      hint: 'GET /openapi.json lists what there is; POST /v1/query runs a query.',
    });
  });
  app.use(problemHandler(deps));
  return app;
}

function addConnectionRoutes(app: Express, deps: AppDeps, body: readonly RequestHandler[]): void {
  const ask = requireRight('ask');
  const administer = requireRight('administration');
  const { listConnections, listTables } = connectionHandlers(deps);
  const on = deps.connectionHandlers(deps);
  addRoute(app, '/v1/connections', {
    GET: [ask, listConnections],
    POST: [administer, ...body, on.createConnection],
  });
  addRoute(app, '/v1/connections/:name', {
    GET: [administer, on.showConnection],
    PUT: [administer, ...body, on.changeConnection],
    DELETE: [administer, on.removeConnection],
  });
  addRoute(app, '/v1/connections/:name/tables', { GET: [ask, listTables] }, 'none');
  addRoute(app, '/v1/connections/:name/test', { POST: [administer, ...body, on.testConnection] }, 'none');
  const versions = [administer, on.listConnectionVersions];
  addRoute(app, '/v1/connections/:name/versions', { GET: versions }, 'none');
}

/** The addresses of the older engine's API (docs/legacy-api.md). */
function addLegacyRoutes(app: Express, deps: AppDeps, body: readonly RequestHandler[]): void {
  const ask = requireRight('ask');
  const on = createLegacyRoutes(deps);
  addRoute(app, LEGACY_LOGIN, { POST: [...body, on.login] }, 'none');
  addRoute(app, '/angora/query/jobs', { POST: [ask, ...body, on.start] }, 'none');
  addRoute(app, '/angora/query/jobs/:sid', { GET: [ask, on.next] }, 'none');
  addRoute(app, '/angora/query/jobs/:sid/download', { GET: [ask, on.download] });
  addRoute(app, '/angora/query/jobs/:sid/export', { GET: [ask, on.refuseExport] }, 'none');
  addRoute(app, '/angora/query/jobs/:sid/close', { DELETE: [ask, on.close] }, 'none');
}

function addQueryRoute(
  app: Express,
  path: string,
  deps: AppDeps,
  body: readonly RequestHandler[],
  format?: AnswerFormat,
): void {
  const { queryBytes } = deps.limits;
  const ask = requireRight('ask');
  const run = (request: Request, response: Response) => {
    const asked = readQueryRequest(request, bodyOf(request), queryBytes, format);
    return handleQuery(deps, principalOf(request), request, response, asked);
  };
  addRoute(app, path, {
    HEAD: [ask, headHandler(deps, format)],
    GET: [ask, run],
    POST: [ask, ...body, run],
  });
}

function countRequest({ metrics }: AppDeps) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const { method } = request;
    // The router sets `route` when one matches.
    countAnswer(metrics, method, response, () => (request as { route?: { path: string } }).route?.path);
    next();
  };
}

function problemHandler(deps: AppDeps): ErrorRequestHandler {
  return (thrown: unknown, request: Request, response: Response, _next: NextFunction): void =>
    answerProblem(deps, thrown, request, response);
}
