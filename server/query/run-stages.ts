/**
 * Runs SQL and stages: rows go from SQL workers into the DSL worker's inputs, one for each source, never through this process;
 * the DSL worker runs the stages and encodes the answer. All workers run at the same time.
 *
 * The answer counts only when all of them ended well: when a SQL worker fails or dies, its socket is closed, and the DSL worker
 * would take half of the rows for all of them. The first failure ends the other workers' parts.
 */
import { raceCancellation } from '../../core/process/race-cancellation.ts';
import type { AnswerSummary } from '../../core/protocol/answer.ts';
import { FEW_ROWS_BYTES, inputFifo, type RunStagesReply } from '../../core/protocol/dsl-worker.ts';
import { type ErrorCode, QueryError } from '../../core/protocol/errors.ts';
import { engineValue } from '../../core/protocol/parameters.ts';
import type { FunctionUse, Plan, SourcePlan } from '../../core/protocol/plan.ts';
import type { CopyToReply } from '../../core/protocol/sql-worker.ts';
import type { DslLease } from '../admission/dsl-stock.ts';
import type { SqlSlot } from '../admission/sql-slots.ts';
import { rootCause } from '../answer/root-cause.ts';
import { noteLoss } from '../history/lost-worker.ts';
import type { QueryRecord } from '../history/registry.ts';
import { boundKinds, boundTexts, mapToQuery } from '../planning/source-sql.ts';
import { answerSink, plannedText, type Run, timed } from './run.ts';
import { callInSlot } from './slot-call.ts';

/** The time that a source gets after the stages have all they need (`head`). A database may go on computing without sending rows, and is then cancelled. */
const READER_DONE_GRACE_MS = 50;

/** Plans whose last run read many rows: they will probably do so again. */
const PLANS_OF_MANY_ROWS = new WeakSet<Plan>();

/** The rows of one source on their way into the DSL worker. */
interface Copy {
  readonly source: SourcePlan;
  readonly slot: SqlSlot;
  readonly reply: Promise<CopyToReply>;
  settled: boolean;
  /** Whether the copy was cancelled because the stages had ended well and needed no more of its rows. */
  dismissed: boolean;
}

export async function runThroughWorker(run: Run): Promise<AnswerSummary> {
  const { deps, plan, query } = run;
  const roles = plan.sources.map(({ connection }) => deps.connections.roleOf(connection, query.principal));
  query.phase = 'queue';
  const lease = await timed(query, 'queue', deps.dslStock.lane.acquire(query, readsStores(run)));
  let outcome: 'reusable' | 'discard' = 'discard';
  let reason = '';
  try {
    const count = fetched(run).length;
    const slots =
      count === 0 ? [] : await timed(query, 'queue', deps.sqlSlots.lane.acquireAll(query, count, true));
    lease.begin(query);
    query.phase = 'stages';
    query.pids = [lease.pid];
    const ended = await runAll(run, lease, slots, roles);
    if (plan.worker?.runsUserSql === true) reason = 'it ran SQL of a user';
    else if (leavesWorkerWhole(ended)) outcome = 'reusable';
    return conclude(run, ended);
  } catch (thrown) {
    reason = QueryError.from(thrown).code;
    throw thrown;
  } finally {
    query.pids = [];
    lease.release(outcome, reason);
  }
}

/** The results of stages and copies, once all have ended and none was cancelled from outside. */
interface Ended {
  readonly staged: PromiseSettledResult<RunStagesReply>;
  readonly copies: readonly Copy[];
  readonly copied: readonly PromiseSettledResult<CopyToReply>[];
}

/** `roles`: for each source the role whose login it uses. */
async function runAll(
  run: Run,
  lease: DslLease,
  slots: readonly SqlSlot[],
  roles: readonly (string | null)[],
): Promise<Ended> {
  const { query } = run;
  const stages = callStages(run, lease);
  const copies = fetched(run).map(({ source, index }, at) =>
    startCopy(run, lease, { source, role: roles[index]! }, slots[at]!, index),
  );
  const readerDone = cancelSilentCopies(stages, copies, query);
  const all = Promise.allSettled([stages, ...copies.map((copy) => copy.reply)] as const);
  const [staged, ...copied] = await raceCancellation(query.cancellation, all, () =>
    lease.socket.cancel(query.queryId),
  );
  clearTimeout(await readerDone);
  return { staged, copies, copied };
}

/** Whether the engine waits for the network most of the time. */
function readsStores({ deps, plan: { worker } }: Run): boolean {
  return worker!.inputs.some(({ scan }) => scan !== undefined && deps.connections.isRemote(scan.connection));
}

/** Returns the sources whose rows SQL workers send, each with its index in the plan: the engine reads the others from files. */
function fetched({ plan: { sources, worker } }: Run): readonly { source: SourcePlan; index: number }[] {
  return sources.flatMap((source, index) =>
    worker?.inputs[index]?.scan === undefined ? [{ source, index }] : [],
  );
}

/** Errors after which the engine's statement has ended cleanly by itself, so that nothing has to be stopped. */
const STATEMENT_ERRORS: ReadonlySet<ErrorCode> = new Set([
  'bad-value',
  'bad-parameter',
  'assertion-failed',
  'unsupported',
  'bad-file',
  'file-changed',
  'database-unavailable',
  'database-overloaded',
  'permission-denied',
  'sql-error',
  'read-only',
  'stale-plan',
]);

/**
 * Tells whether the DSL worker can serve another query. It cannot after a failure of its own (memory, an unknown error) and
 * when the query was ended from outside. A query that fails because of its own mistake must not cost a worker: otherwise the
 * same mistake, sent again and again, would leave others without one.
 */
function leavesWorkerWhole({ staged, copied }: Ended): boolean {
  const errors = copied.flatMap((copy) => (copy.status === 'rejected' ? [copy.reason as unknown] : []));
  if (staged.status === 'fulfilled') return errors.every(isOfDatabase);
  const code = staged.reason instanceof QueryError ? staged.reason.code : null;
  if (code !== null && STATEMENT_ERRORS.has(code)) return true;
  // The stages were cancelled because their input failed, which is not the DSL worker's fault.
  return code === 'cancelled' && errors.some(isDatabasesWord) && errors.every(isOfDatabase);
}

/** Tells whether the error comes from the database, so that the SQL worker is fine, or from our cancelling the copy. */
function isOfDatabase(error: unknown): boolean {
  return isCancelled(error) || isDatabasesWord(error);
}

function isDatabasesWord(error: unknown): boolean {
  return error instanceof QueryError && error.details.fromDatabase === true;
}

/** A source, and the role whose login its rows are read with. */
interface CopiedSource {
  readonly source: SourcePlan;
  readonly role: string | null;
}

/** Starts copying a source's rows into the DSL worker. When the copy fails, the stages are cancelled. */
function startCopy(run: Run, lease: DslLease, from: CopiedSource, slot: SqlSlot, index: number): Copy {
  const { deps, query } = run;
  const { source } = from;
  const { scope } = query.principal;
  const functions = deps.knownFunctions.inQuestion(scope, source.connection, source.functions);
  const askedAt = deps.knownFunctions.now();
  const call = async (): Promise<CopyToReply> => {
    const reply = await callCopy(run, from, functions, inputFifo(lease.fifoPath, index), slot);
    deps.knownFunctions.found(scope, source.connection, functions, askedAt);
    return reply;
  };
  const copy: Copy = {
    source,
    slot,
    reply: callInSlot(slot, query, deps.cancelGraceMs, call),
    settled: false,
    dismissed: false,
  };
  copy.reply.then(
    () => {
      copy.settled = true;
    },
    () => {
      copy.settled = true;
      lease.socket.cancel(query.queryId);
    },
  );
  return copy;
}

/** Cancels copies that nobody reads any more: at once when the stages failed, after a moment when they ended well. */
async function cancelSilentCopies(
  stages: Promise<RunStagesReply>,
  copies: readonly Copy[],
  query: QueryRecord,
): Promise<NodeJS.Timeout | undefined> {
  // The slot of a copy that has ended may already serve another query, so it must not be cancelled.
  const cancel = (stagesEndedWell: boolean): void => {
    for (const copy of copies) {
      if (copy.settled) continue;
      copy.dismissed = stagesEndedWell;
      copy.slot.socket.cancel(query.queryId);
    }
  };
  try {
    await stages;
    return setTimeout(() => cancel(true), READER_DONE_GRACE_MS);
  } catch {
    cancel(false); // the failure itself is reported by conclude()
    return undefined;
  }
}

function conclude(run: Run, { staged, copies, copied }: Ended): AnswerSummary {
  const { query } = run;
  const copyError = firstError(copies, copied, run);
  if (staged.status === 'rejected') throw rootCause(copyError, staged.reason);
  if (copies.some(({ dismissed }, index) => isFailure(copied[index]!, dismissed))) throw copyError;
  const replies = copied.flatMap((copy) => (copy.status === 'fulfilled' ? [copy.value] : []));
  query.phases.queue += Math.max(0, ...replies.map(({ phases }) => phases.acquireMs));
  query.phases.sql += Math.max(0, ...replies.map(({ phases }) => phases.sqlMs));
  for (const { rows, bytes } of replies) {
    query.handoff.rows += rows;
    query.handoff.bytes += bytes;
  }
  noteBytes(run.plan, query.handoff.bytes);
  query.phases.dsl += staged.value.phases.dslMs;
  query.phases.encode += staged.value.phases.encodeMs;
  return staged.value;
}

function noteBytes(plan: Plan, bytes: number): void {
  if (bytes > FEW_ROWS_BYTES) PLANS_OF_MANY_ROWS.add(plan);
  else PLANS_OF_MANY_ROWS.delete(plan);
}

/** Returns the error of the source that failed first; the others were cancelled because of it. */
function firstError(
  copies: readonly Copy[],
  copied: readonly PromiseSettledResult<CopyToReply>[],
  run: Run,
): unknown {
  const { deps } = run;
  const errors = copied.flatMap((copy, index) => {
    if (copy.status === 'fulfilled') return [];
    const { source } = copies[index]!;
    return [mapToQuery(copy.reason, source, plannedText(run), deps.connections.lexicalOf(source.connection))];
  });
  return errors.find((error) => !isCancelled(error)) ?? errors[0] ?? null;
}

/**
 * Whether the stages may have read fewer rows than there are. A copy that somebody cancelled in the database (its error
 * is the database's own then) ends the stages' input as an end of its rows does.
 */
function isFailure(copied: PromiseSettledResult<CopyToReply>, dismissed: boolean): boolean {
  if (copied.status === 'fulfilled') return false;
  const { reason } = copied;
  return !(dismissed && isCancelled(reason) && !isDatabasesWord(reason));
}

function isCancelled(error: unknown): boolean {
  return error instanceof QueryError && error.code === 'cancelled';
}

function callStages(run: Run, lease: DslLease): Promise<RunStagesReply> {
  const { plan, query, parameters } = run;
  const worker = plan.worker!; // runThroughWorker is only called for plans with one
  const request = {
    type: 'run-stages' as const,
    queryId: query.queryId,
    principal: query.principal.id,
    connection: query.connection,
    plan: worker,
    columns: plan.columns!, // known whenever stages run
    parameters: worker.parameters.map(({ name }) => engineValue(parameters[name] ?? null)),
    answer: run.options,
    limits: run.limits,
    maxRowBytes: run.deps.maxRowBytes,
    manyRows: PLANS_OF_MANY_ROWS.has(plan),
    deadlineAt: query.deadlineAt,
  };
  const call = lease.socket.call(request, answerSink(run, lease.socket));
  call.catch((thrown) => noteLoss(query, thrown, () => ({ workerId: lease.socket.workerId, shared: false })));
  return query.trace.timeStages(call);
}

function callCopy(
  { deps, query, parameters }: Run,
  { source, role }: CopiedSource,
  functions: readonly FunctionUse[],
  fifo: string,
  slot: SqlSlot,
): Promise<CopyToReply> {
  return slot.socket.call({
    type: 'copy-to',
    queryId: query.queryId,
    principal: query.principal.id,
    traceId: query.trace.databaseTraceId,
    connection: source.connection,
    role,
    sql: source.sql,
    functions,
    described: source.placed?.described ?? [],
    parameters: boundTexts(source, parameters),
    parameterKinds: boundKinds(source, parameters),
    parameterTypes: source.parameterTypes ?? [],
    expect: source.databaseColumns ?? [],
    fifo,
    maxRowBytes: deps.maxRowBytes,
    deadlineAt: query.deadlineAt,
  });
}
