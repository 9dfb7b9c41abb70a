/**
 * Finds out what the compiler needs before it can make a plan: the columns of a source (from the database), the columns of a
 * user's SQL for the stage engine (from a DSL worker), or the values that become columns (from the data).
 */
import { raceCancellation } from '../../core/process/race-cancellation.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { ModelsAsk } from '../../core/protocol/models.ts';
import type { ParameterValue } from '../../core/protocol/parameters.ts';
import type { Ask, AskAnswer, EngineAsk, SourceAsk, ValuesAsk } from '../../core/protocol/plan.ts';
import { STAGE_ENGINE } from '../../language/dialects/registry.ts';
import type { AnswerTarget } from '../answer/query-answer.ts';
import type { QueryRecord } from '../history/registry.ts';
import { mapToQuery } from '../planning/source-sql.ts';
import { describeFiles, explainScans } from './files-calls.ts';
import { type Run, type RunDeps, timed } from './run.ts';
import { runSql } from './run-sql.ts';
import { runThroughWorker } from './run-stages.ts';
import { callInSlot } from './slot-call.ts';

/** The query that is being planned. */
export interface AskedFor {
  readonly text: string;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
}

/** Returns the answer to an ask. Throws QueryError; its span points into the user's text. */
export async function answerAsk(
  deps: RunDeps,
  asked: AskedFor,
  ask: Ask,
  query: QueryRecord,
): Promise<AskAnswer> {
  switch (ask.kind) {
    case 'source':
      return describeSource(deps, asked, ask, query);
    case 'engine':
      return describeStages(deps, asked, ask, query);
    case 'models':
      return findModels(deps, ask);
    case 'values':
      return collectValues(deps, asked, ask, query);
    case 'scans':
      return explainScans(deps, asked, ask, query);
    default:
      return ask satisfies never;
  }
}

async function findModels({ catalogue }: RunDeps, { names }: ModelsAsk): Promise<AskAnswer> {
  if (catalogue === null) return { kind: 'models', models: [], missing: names };
  return await catalogue.find(names);
}

async function describeSource(
  deps: RunDeps,
  asked: AskedFor,
  ask: SourceAsk,
  query: QueryRecord,
): Promise<AskAnswer> {
  const { connection, sql } = ask;
  const { text } = asked;
  if (deps.connections.isScanned(connection)) return describeFiles(deps, asked, ask, query);
  const { id: principal, scope } = query.principal;
  const functions = deps.knownFunctions.inQuestion(scope, connection, ask.functions);
  deps.connections.check(connection, query.principal);
  const role = deps.connections.roleOf(connection, query.principal);
  query.phase = 'describe';
  const slot = await deps.sqlSlots.lane.acquire(query);
  const { queryId, deadlineAt } = query;
  const traceId = query.trace.databaseTraceId;
  const askedAt = deps.knownFunctions.now();
  try {
    const described = await callInSlot(slot, query, deps.cancelGraceMs, () =>
      slot.socket.call({
        ...{ type: 'describe' as const, queryId, principal, traceId },
        ...{ connection, role, sql, functions, deadlineAt },
      }),
    );
    deps.knownFunctions.found(scope, connection, functions, askedAt);
    return { kind: 'source', ...described, judged: { connection, functions: ask.functions } };
  } catch (thrown) {
    throw mapToQuery(thrown, ask, text, deps.connections.lexicalOf(connection));
  }
}

/** Asks a DSL worker for the columns of SQL for the stage engine. A worker is not used again when that SQL was the user's own. */
async function describeStages(
  deps: RunDeps,
  { text }: AskedFor,
  ask: EngineAsk,
  query: QueryRecord,
): Promise<AskAnswer> {
  query.phase = 'describe';
  const { queryId, connection, deadlineAt } = query;
  const lease = await timed(query, 'queue', deps.dslStock.lane.acquire(query));
  let isWhole = false;
  try {
    lease.begin(query);
    const { sql, relations } = ask;
    const call = lease.socket.call({
      type: 'describe-stages',
      ...{ queryId, principal: query.principal.id, connection, deadlineAt },
      ...{ sql, relations },
    });
    const described = await raceCancellation(query.cancellation, call, () => lease.socket.cancel(queryId));
    isWhole = !ask.hasUserSql;
    return { kind: 'engine', ...described };
  } catch (thrown) {
    const mapped = mapToQuery(thrown, { ...ask, parameters: [] }, text, STAGE_ENGINE.lexical);
    if (!(mapped instanceof QueryError)) throw mapped;
    isWhole = !ask.hasUserSql && mapped.code === 'sql-error';
    throw mapped.with({ stage: ask.stage, span: mapped.details.span ?? ask.span });
  } finally {
    if (isWhole) lease.release('reusable', '');
    else lease.release('discard', ask.hasUserSql ? 'it described SQL of a user' : 'its description failed');
  }
}

/** The most bytes of the values that become columns: far more than they ever need. */
const MAX_VALUES_BYTES = 16 * 1024 * 1024;

async function collectValues(
  deps: RunDeps,
  asked: AskedFor,
  { plan, atMost }: ValuesAsk,
  query: QueryRecord,
): Promise<AskAnswer> {
  for (const { connection } of plan.sources) deps.connections.check(connection, query.principal);
  const collected = new CollectedAnswer();
  const run: Run = {
    deps,
    plan,
    query,
    answer: collected,
    parameters: asked.parameters,
    options: { format: 'json', rows: 'arrays', numbers: 'string' },
    limits: { capRows: atMost, maxRows: deps.maxRows, maxBytes: MAX_VALUES_BYTES },
  };
  const summary = plan.worker === null ? await runSql(run) : await runThroughWorker(run);
  query.bytes -= summary.bytes; // no part of the answer
  return { kind: 'values', values: collected.firstColumn(), complete: summary.complete };
}

/** An answer that is kept in memory for the compiler instead of being sent to the client. */
class CollectedAnswer implements AnswerTarget {
  readonly #blocks: Buffer[] = [];

  write(bytes: Buffer): boolean {
    this.#blocks.push(bytes);
    return true;
  }

  onDrain(): void {
    // `write` never asks the worker to wait, so there is nothing to resume; the worker keeps to MAX_VALUES_BYTES.
  }

  firstColumn(): readonly unknown[] {
    const text = Buffer.concat(this.#blocks).toString();
    const rows = (JSON.parse(`${text}]}`) as { rows: readonly (readonly unknown[])[] }).rows;
    if (rows.some((row) => row.length !== 1))
      throw new QueryError('internal', 'internal error: one column was asked for');
    return rows.map(([value]) => value);
  }
}
