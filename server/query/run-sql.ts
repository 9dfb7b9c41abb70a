/** Runs a plan without stages in a worker: the SQL worker runs the SQL and encodes the answer. */
import type { AnswerSummary } from '../../core/protocol/answer.ts';
import type { FunctionUse } from '../../core/protocol/plan.ts';
import type { SqlSlot } from '../admission/sql-slots.ts';
import { boundKinds, boundTexts, mapToQuery } from '../planning/source-sql.ts';
import { answerSink, plannedText, type Run, timed } from './run.ts';
import { callInSlot } from './slot-call.ts';

export async function runSql(run: Run): Promise<AnswerSummary> {
  const { deps, plan, query } = run;
  const source = plan.sources[0]!;
  const role = deps.connections.roleOf(source.connection, query.principal);
  query.phase = 'queue';
  const slot = await timed(query, 'queue', deps.sqlSlots.lane.acquire(query));
  query.phase = 'sql';
  const { scope } = query.principal;
  const functions = deps.knownFunctions.inQuestion(scope, source.connection, source.functions);
  const askedAt = deps.knownFunctions.now();
  try {
    const reply = await callInSlot(slot, query, deps.cancelGraceMs, () =>
      callRunSql(run, role, slot, functions),
    );
    deps.knownFunctions.found(scope, source.connection, functions, askedAt);
    query.phases.queue += reply.phases.acquireMs;
    query.phases.sql += reply.phases.sqlMs;
    return reply;
  } catch (thrown) {
    throw mapToQuery(thrown, source, plannedText(run), deps.connections.lexicalOf(source.connection));
  }
}

function callRunSql(run: Run, role: string | null, slot: SqlSlot, functions: readonly FunctionUse[]) {
  const { plan, query } = run;
  const source = plan.sources[0]!;
  const request = {
    type: 'run-sql' as const,
    queryId: query.queryId,
    principal: query.principal.id,
    traceId: query.trace.databaseTraceId,
    connection: source.connection,
    role,
    sql: source.sql,
    functions,
    described: source.placed?.described ?? [],
    ...(source.placed && source.databaseColumns !== null && { expect: source.databaseColumns }),
    parameters: boundTexts(source, run.parameters),
    parameterKinds: boundKinds(source, run.parameters),
    answer: run.options,
    limits: run.limits,
    // The limit of this attempt concerns the input of stages only.
    maxRowBytes: run.deps.maxRowBytes,
    deadlineAt: query.deadlineAt,
  };
  return slot.socket.call(request, answerSink(run, slot.socket));
}
