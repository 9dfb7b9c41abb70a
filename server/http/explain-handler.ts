/** /v1/explain and /v1/explain/draft: plan a query without running it, and show the plan. */
import type { Request, RequestHandler, Response } from 'express';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Ask, AskAnswer } from '../../core/protocol/plan.ts';
import { type QueryRecord, QueryRegistry } from '../history/registry.ts';
import { BriefCache } from '../planning/brief-cache.ts';
import { withDatabasePlans } from '../query/database-plans.ts';
import { answererOf, notingDrift, planKey } from '../query/run-query.ts';
import { withoutRunning } from '../query/without-running.ts';
import type { AppDeps } from './app-deps.ts';
import { bodyOf, type QueryRequest, readQueryRequest } from './request/query-request.ts';

const DRAFT_MS = 5000;
const DRAFTS_PER_CLIENT = 8;
const CACHE = { entries: 200, bytes: 16 * 1024 * 1024, maxAgeMs: 15_000, now: () => performance.now() };

/** Answers what the compiler asks: `find` asks a database or a worker. */
type Answering = (
  asked: QueryRequest,
  /** The question, and the text of the model that it is about. */
  ask: readonly [Ask, string | undefined],
  query: QueryRecord,
  find: () => Promise<AskAnswer>,
) => Promise<AskAnswer>;

export function explainHandler(deps: AppDeps): RequestHandler {
  return handler(deps, (_asked, _ask, _query, find) => find());
}

/** Explains as explainHandler does, with the plans of databases that tell them. */
export function databasePlanHandler(deps: AppDeps): RequestHandler {
  return handler(
    deps,
    (_asked, _ask, _query, find) => find(),
    (json, { parameters }, query) => withDatabasePlans(deps.run, json, parameters, query),
  );
}

/** Adds to an answer, which is JSON. */
type Adding = (json: string, asked: QueryRequest, query: QueryRecord) => Promise<string>;

function handler(deps: AppDeps, answering: Answering, add?: Adding): RequestHandler {
  return async (request: Request, response: Response) => {
    const asked = readQueryRequest(request, bodyOf(request), deps.limits.queryBytes);
    await withoutRunning(
      deps,
      request,
      response,
      asked,
      'explain',
      async (query) => {
        const json = await explain(deps, asked, query, answering);
        return add === undefined ? json : add(json, asked, query);
      },
      ({ queryId }, json) => {
        response.setHeader('Query-Id', queryId);
        response.type('json').send(json);
      },
    );
  };
}

/**
 * Explains a text that somebody is writing. Such a text is not a query of the user: it has its own registry, so that typing does
 * not push queries out of GET /v1/queries or count against the limits of queries, and a short deadline. Answers of databases and workers are
 * kept for a while, since each pause of the typing asks nearly the same again.
 */
export function draftHandler(deps: AppDeps): RequestHandler {
  const { timeoutMs, maxTimeoutMs } = deps.limits;
  const cache = new BriefCache<AskAnswer>(CACHE);
  const kept: Answering = ({ parameters }, ask, { principal, connection }, find) => {
    const place = [principal.scope, deps.run.connections.revision, connection];
    return cache.get(JSON.stringify([place, ask, parameters]), find).catch((thrown: unknown) => {
      // Another draft of this client had asked, and was given up.
      if (QueryError.from(thrown).code !== 'client-gone') throw thrown;
      return find();
    });
  };
  const drafts: AppDeps = {
    ...deps,
    registry: new QueryRegistry(0),
    rates: { take: () => {} },
    limits: {
      ...deps.limits,
      perClient: DRAFTS_PER_CLIENT,
      timeoutMs: Math.min(timeoutMs, DRAFT_MS),
      maxTimeoutMs: Math.min(maxTimeoutMs, DRAFT_MS),
    },
  };
  return handler(drafts, kept);
}

/** Returns the answer as JSON. */
async function explain(
  { run }: AppDeps,
  asked: QueryRequest,
  query: QueryRecord,
  answering: Answering,
): Promise<string> {
  const key = planKey(run, asked, query.principal);
  const answer = answererOf(run, asked, query);
  const { json, connections } = await notingDrift(
    run,
    run.planner.explain(
      key,
      (ask, models) => answering(asked, [ask, models?.text], query, () => answer(ask, models)),
      query,
    ),
  );
  // The text may name further connections. A query without stages asks no database, so nothing else would notice a wrong name.
  for (const connection of connections) run.connections.check(connection, query.principal);
  return json;
}
