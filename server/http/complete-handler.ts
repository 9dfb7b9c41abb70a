/**
 * POST /v1/complete: what may stand at the cursor. A completion is not a query of the user: it has its own registry, so
 * that typing does not push queries out of GET /v1/queries, and a short deadline for everything that it asks databases.
 * Answers of databases are kept for a while, since every key press asks the same again; a question is cancelled when nobody
 * waits for it any more. When a database fails or is late, its items are missing and a warning says so.
 */
import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { QueryError } from '../../core/protocol/errors.ts';
import { type Principal, principalOf } from '../../core/protocol/principal.ts';
import type { CompleteAnswer, CompleteAsk, CompleteRequest } from '../../language/editor/complete-types.ts';
import { QueryRegistry } from '../history/registry.ts';
import { BriefCache } from '../planning/brief-cache.ts';
import type { Seeing } from '../planning/planner-thread.ts';
import { answerAsk } from '../query/answer-ask.ts';
import { readCatalog } from '../query/catalog.ts';
import { SharedAsks } from '../query/shared-asks.ts';
import type { AppDeps } from './app-deps.ts';
import { parameterKinds } from './request/parameters.ts';
import { type CompleteBody, readCompleteRequest } from './request/tool-request.ts';
import { asTool } from './tool-asker.ts';

const TIMEOUT_MS = 2000;
const PER_CLIENT = 8;
const CACHE = { entries: 200, bytes: 16 * 1024 * 1024, maxAgeMs: 15_000, now: () => performance.now() };

export function completeHandler(deps: AppDeps): RequestHandler {
  const tools: Tools = { registry: new QueryRegistry(0), shared: new SharedAsks() };
  const cache = new BriefCache<CompleteAnswer>(CACHE);
  return async (request: Request, response: Response) => {
    const body = readCompleteRequest(request, deps.limits.queryBytes);
    const principal = principalOf(request);
    if (tools.registry.inFlight(principal) >= PER_CLIENT)
      throw new QueryError('too-many-queries', `this client has ${PER_CLIENT} completions in flight`, {
        hint: 'Ask only for the latest text, and cancel the requests before it.',
        retryAfterSeconds: 1,
      });
    const asked = requestOf(deps, body, principal);
    const deadlineAt = Date.now() + TIMEOUT_MS;
    const ask = async (one: CompleteAsk): Promise<CompleteAnswer> => {
      const key = keyOf(deps, one, principal);
      const leave = once(tools.shared.join(key));
      response.on('close', leave);
      try {
        return await cache.get(key, () => answerBy(deadlineAt, deps, tools, request, body.query, one));
      } catch (thrown) {
        return failed(deps, thrown);
      } finally {
        leave();
      }
    };
    const completed = await asTool(request, response, (asker) =>
      deps.run.planner.complete(asked, ask, asker),
    );
    response.json(completed);
  };
}

interface Tools {
  readonly registry: QueryRegistry;
  readonly shared: SharedAsks;
}

/** Returns the key of a kept answer. It contains the scope and the connections' revision, since the answer depends on both. */
function keyOf({ run }: AppDeps, ask: CompleteAsk, { scope }: Principal): string {
  return `${scope} ${run.connections.revision} ${JSON.stringify(ask)}`;
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}

/** Returns the compiler's request. Throws unknown-connection, bad-parameter. */
function requestOf(
  { run }: AppDeps,
  body: CompleteBody,
  principal: Principal,
): Seeing & Omit<CompleteRequest, 'answers' | 'dialects'> {
  const { connections: visible, stages, shown } = principal.rights;
  const connection = body.connection ?? run.connections.defaultOf(principal);
  run.connections.check(connection, principal);
  const parameters = parameterKinds(body.params ?? {});
  const catalogue = run.catalogue !== null;
  return {
    text: body.query,
    position: body.position,
    parameters,
    connection,
    visible,
    stages,
    shown,
    catalogue,
    ...legacyOf(body),
  };
}

function legacyOf({ dialect, model }: CompleteBody): Pick<CompleteRequest, 'language' | 'model'> {
  return {
    ...(dialect === 'legacy' && { language: 'legacy' as const }),
    ...(model !== undefined && { model }),
  };
}

/** Asks a database one question, as a separate query that ends when the completion's time is up. */
async function answerBy(
  deadlineAt: number,
  deps: AppDeps,
  { registry, shared }: Tools,
  request: Request,
  text: string,
  ask: CompleteAsk,
): Promise<CompleteAnswer> {
  const timeoutMs = Math.max(1, deadlineAt - Date.now());
  const principal = principalOf(request);
  const started = {
    queryId: `complete-${randomUUID()}`,
    text,
    principal,
    trace: deps.tracing.begin(request),
    connection: 'connection' in ask ? ask.connection : '',
    timeoutMs,
  };
  const query = registry.start(started, Date.now());
  shared.began(keyOf(deps, ask, principal), query);
  const late = new QueryError('deadline-exceeded', `the database did not answer within ${TIMEOUT_MS} ms`);
  const timer = setTimeout(() => query.cancellation.cancel(late), timeoutMs);
  try {
    if (ask.kind === 'catalog' && principal.rights.shown?.sql?.includes(ask.connection) === false)
      return { kind: 'catalog', tables: [], complete: true };
    if (ask.kind === 'model-names') {
      const { connections } = principal.rights;
      const named = await deps.run.catalogue!.named(ask.prefix, connections);
      return { kind: 'model-names', ...named };
    }
    if (ask.kind === 'catalog')
      return { kind: 'catalog', ...(await readCatalog(deps.run, ask.connection, query)) };
    return await answerAsk(deps.run, { text, parameters: {} }, ask, query);
  } finally {
    clearTimeout(timer);
    registry.end(query, null, Date.now());
  }
}

/** Returns the answer after a failure. Errors in the user's unfinished SQL are usual; only internal ones are logged. */
function failed({ log }: AppDeps, thrown: unknown): CompleteAnswer {
  const error = QueryError.from(thrown);
  if (error.code === 'internal') log.error('internal-error', { tool: 'complete', error: thrown });
  return { kind: 'failed', why: error.message };
}
