/**
 * Takes one query through the server: plans it (plan-cache, planner), then runs it where the plan says (run-sql.ts,
 * run-stages.ts). These rules hold whatever happens:
 *
 * - a SQL slot or DSL worker is given back exactly once, and a slot only after its worker has replied;
 * - the answer is complete only when every worker that took part has reported success;
 * - an abort (deadline, cancel, client gone) reaches every worker that runs for it, and through the SQL worker the
 *   database.
 */
import { type AnswerSummary, refuseNames } from '../../core/protocol/answer.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Ask, AskAnswer, Plan } from '../../core/protocol/plan.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import type { QueryAnswer } from '../answer/query-answer.ts';
import type { QueryRecord } from '../history/registry.ts';
import { parameterKinds } from '../http/request/parameters.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { PlanKey } from '../planning/plan-cache.ts';
import { answerAsk } from './answer-ask.ts';
import { type RunDeps, timed } from './run.ts';
import { runSql } from './run-sql.ts';
import { runThroughWorker } from './run-stages.ts';

/** The result of a query that went well. */
export interface QueryOutcome {
  readonly summary: AnswerSummary;
  readonly plan: Plan;
}

export async function runQuery(
  deps: RunDeps,
  request: QueryRequest,
  query: QueryRecord,
  answer: QueryAnswer,
): Promise<QueryOutcome> {
  const key = planKey(deps, request, query.principal);
  try {
    return await runOnce(deps, request, key, query, answer);
  } catch (thrown) {
    if (query.cancellation.isCancelled || !isStale(thrown) || !answer.restart()) throw thrown;
    // The schema changed since the plan was made: once more, with what the database says now.
    deps.planner.cache.delete(key);
    return runOnce(deps, request, key, query, answer);
  }
}

function isStale(thrown: unknown): boolean {
  return thrown instanceof QueryError && thrown.code === 'stale-plan';
}

async function runOnce(
  deps: RunDeps,
  request: QueryRequest,
  key: PlanKey,
  query: QueryRecord,
  answer: QueryAnswer,
): Promise<QueryOutcome> {
  const plan = deps.planner.cached(key) ?? (await makePlan(deps, request, key, query));
  query.connection = plan.sources[0]!.connection;
  answer.planned?.(plan);
  const own = query.principal.rights.limits;
  const maxRows = Math.min(deps.maxRows, own.resultRows ?? deps.maxRows);
  const maxBytes = Math.min(deps.maxBytes, own.resultBytes ?? deps.maxBytes);
  const limits = { capRows: request.capRows, maxRows, maxBytes };
  const { parameters, answer: options } = request;
  // Without stages only the SQL worker knows the columns, and refuses these names itself.
  if (plan.columns !== null) refuseNames(plan.columns, options);
  const run = { deps, plan, query, answer, parameters, options, limits };
  const summary = plan.worker === null ? await runSql(run) : await runThroughWorker(run);
  return { summary, plan };
}

/** Returns the key of the query's plan. Throws unknown-connection, bad-parameter. */
export function planKey(deps: RunDeps, request: QueryRequest, principal: Principal): PlanKey {
  const { scope, rights } = principal;
  const connection = request.connection ?? deps.connections.defaultOf(principal);
  deps.connections.check(connection, principal);
  const { format } = request.answer;
  // Arrow and Parquet are encoded in DSL workers, so even a query without stages goes through one.
  const throughWorker = format === 'arrow' || format === 'parquet';
  return {
    scope,
    visible: rights.connections,
    stages: rights.stages,
    connection,
    text: request.text,
    parameters: parameterKinds(request.parameters),
    pushdown: request.pushdown,
    throughWorker,
    ...(request.language !== null && { language: request.language }),
    ...(request.model !== null && { model: request.model }),
  };
}

/** Returns the query's plan without running it. Throws the errors of planning. */
export async function planOf(deps: RunDeps, request: QueryRequest, query: QueryRecord): Promise<Plan> {
  const key = planKey(deps, request, query.principal);
  return deps.planner.cached(key) ?? (await makePlan(deps, request, key, query));
}

async function makePlan(
  deps: RunDeps,
  request: QueryRequest,
  key: PlanKey,
  query: QueryRecord,
): Promise<Plan> {
  query.phase = 'plan';
  const answer = (ask: Ask): Promise<AskAnswer> => answerAsk(deps, request, ask, query);
  const plan = await timed(query, 'plan', deps.planner.plan(key, answer, query));
  for (const { connection } of plan.sources) deps.connections.check(connection, query.principal);
  return plan;
}
