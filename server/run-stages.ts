/**
 * SQL and stages: rows go from the SQL worker into the DSL worker's FIFO, never through this process; the DSL
 * worker runs the stages and encodes the answer. Both work side by side.
 *
 * The answer counts only when both ended well: a SQL worker that fails or dies closes the FIFO, and half of the
 * rows would look like all of them to the DSL worker. The first failure ends the other worker.
 */
import type { AnswerSummary } from '../workers/answer.ts';
import type { RunStagesReply } from '../workers/dsl/messages.ts';
import { QueryError } from '../workers/errors.ts';
import type { CopyToReply } from '../workers/sql/messages.ts';
import type { DslLease } from './dsl-stock.ts';
import type { QueryRecord } from './query-registry.ts';
import { raceAbort } from './race-abort.ts';
import { rootCause } from './root-cause.ts';
import { answerSink, type Run, timed } from './run.ts';
import { callInSlot } from './slot-call.ts';
import { boundTexts, mapToQuery } from './source-sql.ts';
import type { SqlSlot } from './sql-slots.ts';

/** After the stages have all they need (`head`), the database may compute on in silence: then it is cancelled. */
const READER_DONE_GRACE_MS = 50;

export async function runThroughWorker(run: Run): Promise<AnswerSummary> {
  const { deps, query } = run;
  query.phase = 'queue';
  const lease = await timed(query, 'queue', deps.dslStock.lane.acquire(query.abort.signal));
  let outcome: 'reusable' | 'discard' = 'discard';
  let reason = '';
  try {
    const slot = await timed(query, 'queue', deps.sqlSlots.lane.acquire(query.abort.signal));
    lease.begin(query.queryId, query.deadlineAt);
    query.phase = 'stages';
    query.pids = [lease.pid];
    const summary = await runBoth(run, lease, slot);
    outcome = 'reusable';
    return summary;
  } catch (thrown) {
    reason = QueryError.from(thrown).code;
    throw thrown;
  } finally {
    query.pids = [];
    lease.release(outcome, reason);
  }
}

async function runBoth(run: Run, lease: DslLease, slot: SqlSlot): Promise<AnswerSummary> {
  const { deps, query } = run;
  const stages = callStages(run, lease);
  const copy = callInSlot(slot, query, deps.cancelGraceMs, () => callCopy(run, lease, slot));
  copy.catch(() => lease.socket.cancel(query.queryId));
  const readerDone = cancelSilentCopy(stages, slot, query);
  const both = Promise.allSettled([copy, stages]);
  const [copied, staged] = await raceAbort(query.abort.signal, both, () =>
    lease.socket.cancel(query.queryId),
  );
  clearTimeout(await readerDone);
  return conclude(run, copied, staged);
}

/** Ends the copy when nobody reads it any more: at once after a failure, after a moment when the stages ended well. */
async function cancelSilentCopy(
  stages: Promise<RunStagesReply>,
  slot: SqlSlot,
  query: QueryRecord,
): Promise<NodeJS.Timeout | undefined> {
  try {
    await stages;
    return setTimeout(() => slot.socket.cancel(query.queryId), READER_DONE_GRACE_MS);
  } catch {
    slot.socket.cancel(query.queryId); // the failure itself is reported by conclude()
    return undefined;
  }
}

function conclude(
  run: Run,
  copied: PromiseSettledResult<CopyToReply>,
  staged: PromiseSettledResult<RunStagesReply>,
): AnswerSummary {
  const { plan, query } = run;
  const copyError =
    copied.status === 'rejected' ? mapToQuery(copied.reason, plan.sources[0]!, query.text) : null;
  if (staged.status === 'rejected') throw rootCause(copyError, staged.reason);
  // Cancelled by cancelSilentCopy, after the stages had all that they needed.
  if (copyError !== null && !isCancelled(copyError)) throw copyError;
  if (copied.status === 'fulfilled') {
    query.phases.queue += copied.value.phases.acquireMs;
    query.phases.sql += copied.value.phases.sqlMs;
  }
  query.phases.dsl += staged.value.phases.dslMs;
  query.phases.encode += staged.value.phases.encodeMs;
  return staged.value;
}

function isCancelled(error: unknown): boolean {
  return error instanceof QueryError && error.code === 'cancelled';
}

function callStages(run: Run, lease: DslLease): Promise<RunStagesReply> {
  const { plan, query, parameters } = run;
  const worker = plan.worker!; // runThroughWorker is only called for plans with one
  const request = {
    queryId: query.queryId,
    plan: worker,
    columns: plan.columns!, // known whenever stages run
    parameters: worker.parameters.map(({ name }) => parameters[name] ?? null),
    answer: run.options,
    limits: run.limits,
    maxRowBytes: run.maxRowBytes,
    deadlineAt: query.deadlineAt,
  };
  return lease.socket.call('run-stages', request, answerSink(run, lease.socket));
}

function callCopy(
  { plan, query, parameters, maxRowBytes }: Run,
  lease: DslLease,
  slot: SqlSlot,
): Promise<CopyToReply> {
  const source = plan.sources[0]!;
  return slot.socket.call('copy-to', {
    queryId: query.queryId,
    connection: source.connection,
    sql: source.sql,
    parameters: boundTexts(source, parameters),
    parameterOids: source.parameterOids ?? [],
    expect: source.databaseColumns ?? [],
    fifo: lease.fifoPath,
    maxRowBytes,
    deadlineAt: query.deadlineAt,
  });
}
