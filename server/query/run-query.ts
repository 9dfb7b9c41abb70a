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
import { modelKey } from '../../core/protocol/models.ts';
import type { Plan } from '../../core/protocol/plan.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import { aboutModel } from '../../language/models/about-model.ts';
import type { QueryAnswer } from '../answer/query-answer.ts';
import type { QueryRecord } from '../history/registry.ts';
import { parameterKinds } from '../http/request/parameters.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { PlanKey } from '../planning/plan-cache.ts';
import type { Answerer } from '../planning/planner.ts';
import { type AskedFor, answerAsk } from './answer-ask.ts';
import { type Run, type RunDeps, timed } from './run.ts';
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
  const kept = cachedPlan(deps, key);
  try {
    return await runOnce(deps, request, key, query, answer, kept);
  } catch (thrown) {
    const stale = isStale(thrown) || (kept?.models !== undefined && isOfSchema(thrown));
    if (query.cancellation.isCancelled || !stale || !answer.restart()) throw thrown;
    // The schema changed since the plan was made: once more, with what the database says now.
    deps.planner.cache.delete(key);
    return runOnce(deps, request, key, query, answer, null);
  }
}

function isStale(thrown: unknown): boolean {
  return thrown instanceof QueryError && thrown.code === 'stale-plan';
}

/** A column or table of a model is gone since its plan was made (SQLSTATE class 42): planned anew, that is told as drift. */
function isOfSchema(thrown: unknown): boolean {
  return thrown instanceof QueryError && thrown.details.sqlstate?.startsWith('42') === true;
}

async function runOnce(
  deps: RunDeps,
  request: QueryRequest,
  key: PlanKey,
  query: QueryRecord,
  answer: QueryAnswer,
  kept: Plan | null,
): Promise<QueryOutcome> {
  const plan = kept ?? (await makePlan(deps, request, key, query));
  query.connection = plan.sources[0]!.connection;
  query.tables = plan.tables ?? null;
  answer.planned?.(plan);
  const own = query.principal.rights.limits;
  const maxRows = Math.min(deps.maxRows, own.resultRows ?? deps.maxRows);
  const maxBytes = Math.min(deps.maxBytes, own.resultBytes ?? deps.maxBytes);
  const limits = { capRows: request.capRows, maxRows, maxBytes };
  const { answer: options } = request;
  const { models } = plan;
  const parameters =
    models === undefined ? request.parameters : deps.catalogue!.withDefaults(models, request.parameters);
  // Without stages only the SQL worker knows the columns, and refuses these names itself.
  if (plan.columns !== null) refuseNames(plan.columns, options);
  const run = { deps, plan, query, answer, parameters, options, limits };
  if (models === undefined) return { summary: await runPlan(run), plan };
  try {
    return { summary: await runPlan(run), plan };
  } catch (thrown) {
    const told = aboutModel(thrown, models);
    throw plan.isPartial === true ? withoutValues(told) : told;
  }
}

/** Errors that a model's own SQL and stages may cause by a value of a row that is not shown. */
const TELLING_VALUES: ReadonlySet<string> = new Set(['sql-error', 'bad-value', 'assertion-failed']);

/** Returns the error as it may be told to who is shown a part of the rows: one of the query's own stages saw no others. */
function withoutValues(thrown: unknown): unknown {
  if (!(thrown instanceof QueryError) || !TELLING_VALUES.has(thrown.code)) return thrown;
  const { stage, model } = thrown.details;
  if (stage !== undefined && stage.index > 0 && model === undefined) return thrown;
  return new QueryError(thrown.code, 'the rows of a model that this query reads cannot be computed', {
    hint: 'ask whoever runs this server: who is shown all of its rows is told why',
  });
}

function runPlan(run: Run): Promise<AnswerSummary> {
  return run.plan.worker === null ? runSql(run) : runThroughWorker(run);
}

/** Returns the plan that is kept for the query, if the models that it reads are still those that it was made with. */
function cachedPlan({ planner, catalogue }: RunDeps, key: PlanKey): Plan | null {
  const plan = planner.cached(key);
  if (plan?.models === undefined || catalogue!.areCurrent(plan.models.used)) return plan;
  return null;
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
    ...(rights.shown !== null && { shown: rights.shown }),
    connection,
    text: request.text,
    parameters: parameterKinds(request.parameters),
    pushdown: request.pushdown,
    throughWorker,
    ...(request.language !== null && { language: request.language }),
    ...(request.model !== null && { model: request.model }),
    ...(deps.catalogue !== null && { catalogue: true }),
  };
}

/** Returns the query's plan without running it. Throws the errors of planning. */
export async function planOf(deps: RunDeps, request: QueryRequest, query: QueryRecord): Promise<Plan> {
  const key = planKey(deps, request, query.principal);
  return cachedPlan(deps, key) ?? (await makePlan(deps, request, key, query));
}

/** Returns what answers the asks of the query's planning. */
export function answererOf(deps: RunDeps, request: AskedFor, query: QueryRecord): Answerer {
  return async (ask, models) => {
    if (models === undefined) return answerAsk(deps, request, ask, query);
    const { text } = models;
    const parameters = deps.catalogue!.withDefaults(models, request.parameters);
    try {
      return await answerAsk(deps, { text, parameters }, ask, query);
    } catch (thrown) {
      throw aboutModel(thrown, models);
    }
  };
}

/** Tells the catalogue of a contract that planning has found broken. */
export async function notingDrift<T>({ catalogue }: RunDeps, planning: Promise<T>): Promise<T> {
  try {
    return await planning;
  } catch (thrown) {
    if (thrown instanceof QueryError && thrown.code === 'model-drift') {
      const { name, version } = thrown.details.model!;
      void catalogue?.noteContract(modelKey(name), version, thrown.message).catch(() => {}); // the query is told anyway
    }
    throw thrown;
  }
}

async function makePlan(
  deps: RunDeps,
  request: QueryRequest,
  key: PlanKey,
  query: QueryRecord,
): Promise<Plan> {
  query.phase = 'plan';
  const answer = answererOf(deps, request, query);
  const plan = await timed(query, 'plan', notingDrift(deps, deps.planner.plan(key, answer, query)));
  for (const { connection } of plan.sources) deps.connections.check(connection, query.principal);
  return plan;
}
