/**
 * The way of one query through the server: plan it (plan-cache, planner), then run it where the plan says
 * (run-sql.ts, run-stages.ts). Invariants, whatever happens on the way:
 *
 * - a SQL slot or DSL worker is given back exactly once, and a slot only after its worker has replied;
 * - the answer is whole only when every worker that took part said so;
 * - an abort (deadline, cancel, client gone) reaches every worker that runs for it, and through the SQL worker the
 *   database.
 */
import { type AnswerSummary, refuseNames } from '../../core/protocol/answer.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Ask, AskAnswer, Plan } from '../../core/protocol/plan.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import type { AnswerStream } from '../answer/stream.ts';
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

/**
 * A row of CSV must fit into the stage engine's read buffer, and a small buffer is what makes it start early. So
 * longer rows, which are rare, cost a second attempt.
 */
const USUAL_ROW_BYTES = 256 * 1024;

interface Attempt {
  readonly request: QueryRequest;
  readonly key: PlanKey;
  readonly maxRowBytes: number;
  readonly replanned: boolean;
}

export async function runQuery(
  deps: RunDeps,
  request: QueryRequest,
  query: QueryRecord,
  answer: AnswerStream,
): Promise<QueryOutcome> {
  const key = planKey(deps, request, query.principal);
  let attempt: Attempt = {
    request,
    key,
    maxRowBytes: Math.min(USUAL_ROW_BYTES, deps.maxRowBytes),
    replanned: false,
  };
  for (;;) {
    try {
      return await runOnce(deps, attempt, query, answer);
    } catch (thrown) {
      const next = query.cancellation.isCancelled ? null : nextAttempt(deps, attempt, thrown);
      if (next === null || !answer.restart()) throw thrown;
      attempt = next;
    }
  }
}

/** Returns the attempt that follows this failure; null when the failure is final. */
function nextAttempt(deps: RunDeps, attempt: Attempt, thrown: unknown): Attempt | null {
  if (!(thrown instanceof QueryError)) return null;
  if (thrown.code === 'stale-plan' && !attempt.replanned) {
    // The schema changed since the plan was made: once more, with what the database says now.
    deps.planner.cache.delete(attempt.key);
    return { ...attempt, replanned: true };
  }
  const { limit } = thrown.details;
  const isLongRow = limit?.name === 'dslRowBytes' && limit.value < deps.maxRowBytes;
  return isLongRow ? { ...attempt, maxRowBytes: deps.maxRowBytes } : null;
}

async function runOnce(
  deps: RunDeps,
  { request, key, maxRowBytes }: Attempt,
  query: QueryRecord,
  answer: AnswerStream,
): Promise<QueryOutcome> {
  const plan = deps.planner.cached(key) ?? (await makePlan(deps, request, key, query));
  query.connection = plan.sources[0]!.connection;
  const { maxRows, maxBytes } = deps;
  const limits = { capRows: request.capRows, maxRows, maxBytes };
  const { parameters, answer: options } = request;
  // Without stages the columns are known to the SQL worker only, which refuses them itself.
  if (plan.columns !== null) refuseNames(plan.columns, options);
  const run = { deps, plan, query, answer, parameters, options, limits, maxRowBytes };
  const summary = plan.worker === null ? await runSql(run) : await runThroughWorker(run);
  return { summary, plan };
}

/** Throws unknown-connection, bad-parameter. */
export function planKey(deps: RunDeps, request: QueryRequest, { scope }: Principal): PlanKey {
  const connection = request.connection ?? deps.connections.defaultName;
  deps.connections.check(connection);
  const { format } = request.answer;
  // Arrow and Parquet are encoded in DSL workers, so that even plain SQL goes through one.
  const throughWorker = format === 'arrow' || format === 'parquet';
  return {
    scope,
    connection,
    text: request.text,
    parameters: parameterKinds(request.parameters),
    pushdown: request.pushdown,
    throughWorker,
    ...(request.language !== null && { language: request.language }),
    ...(request.model !== null && { model: request.model }),
  };
}

/** Plans without running. Throws what planning throws. */
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
  for (const { connection } of plan.sources) deps.connections.check(connection);
  return plan;
}
