/**
 * POST /v1/complete: what may stand at the cursor. A completion is no query of the user's: it has a registry of its own,
 * so that typing does not push queries out of GET /v1/queries, and its own short deadline. What the database is asked is
 * kept for a while, since every key that is pressed asks it again. A database that fails or is late takes its part of
 * the items away, with a warning, and nothing else.
 */
import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { CompleteAnswer, CompleteAsk, CompleteRequest } from '../language/complete-types.ts';
import { QueryError } from '../workers/errors.ts';
import { answerAsk } from './answer-ask.ts';
import type { AppDeps } from './app-deps.ts';
import { BriefCache } from './brief-cache.ts';
import { readCatalog } from './catalog.ts';
import { checkConnection } from './check-connection.ts';
import { parameterKinds } from './parameters.ts';
import { QueryRegistry } from './query-registry.ts';
import { type CompleteBody, readCompleteRequest } from './tool-request.ts';

const TIMEOUT_MS = 2000;
const PER_CLIENT = 8;
const CACHE = { entries: 200, maxAgeMs: 15_000, now: () => performance.now() };

export function completeHandler(deps: AppDeps): RequestHandler {
  const registry = new QueryRegistry();
  const cache = new BriefCache<CompleteAnswer>(CACHE);
  return async (request: Request, response: Response) => {
    const body = readCompleteRequest(request, deps.limits.queryBytes);
    if (registry.inFlight(clientOf(request)) >= PER_CLIENT)
      throw new QueryError('too-many-queries', `this client has ${PER_CLIENT} completions in flight`, {
        hint: 'Ask for the latest text only; give up the ones before.',
        retryAfterSeconds: 1,
      });
    const asked = requestOf(deps, body);
    const ask = (one: CompleteAsk): Promise<CompleteAnswer> =>
      cache
        .get(JSON.stringify(one), () => answerWithin(deps, registry, request, body.query, one))
        .catch((thrown: unknown) => failed(deps, thrown));
    response.json(await deps.run.planner.complete(asked, ask));
  };
}

function clientOf(request: Request): string {
  return request.socket.remoteAddress ?? 'unknown';
}

/** Throws unknown-connection, bad-parameter. */
function requestOf({ run }: AppDeps, body: CompleteBody): Omit<CompleteRequest, 'answers'> {
  const { connectionNames } = run;
  const connection = body.connection ?? run.defaultConnection;
  checkConnection(run, connection);
  const parameters = parameterKinds(body.params ?? {});
  return { text: body.query, position: body.position, parameters, connection, connectionNames };
}

/** One question to a database, as a query of its own, ended after its time. */
async function answerWithin(
  deps: AppDeps,
  registry: QueryRegistry,
  request: Request,
  text: string,
  ask: CompleteAsk,
): Promise<CompleteAnswer> {
  const started = {
    queryId: `complete-${randomUUID()}`,
    text,
    client: clientOf(request),
    trace: deps.tracing.begin(request),
    connection: 'connection' in ask ? ask.connection : '',
    timeoutMs: TIMEOUT_MS,
  };
  const query = registry.start(started, Date.now());
  const late = new QueryError('deadline-exceeded', `the database did not answer within ${TIMEOUT_MS} ms`);
  const timer = setTimeout(() => query.cancellation.cancel(late), TIMEOUT_MS);
  try {
    if (ask.kind === 'catalog')
      return { kind: 'catalog', ...(await readCatalog(deps.run, ask.connection, query)) };
    return await answerAsk(deps.run, { text, parameters: {} }, ask, query);
  } finally {
    clearTimeout(timer);
    registry.end(query, null, Date.now());
  }
}

/** An error in the unfinished SQL is usual; one of ours is not. */
function failed({ log }: AppDeps, thrown: unknown): CompleteAnswer {
  const error = QueryError.from(thrown);
  if (error.code === 'internal') log.error('internal-error', { tool: 'complete', error: thrown });
  return { kind: 'failed', why: error.message };
}
