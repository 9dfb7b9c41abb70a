/** Lets a DSL worker make another format of kept rows: this process only moves their bytes. */
import { raceCancellation } from '../../core/process/race-cancellation.ts';
import { type AnswerOptions, type AnswerSummary, refuseNames } from '../../core/protocol/answer.ts';
import { inputFifo, type RunStagesReply } from '../../core/protocol/dsl-worker.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Column } from '../../core/protocol/types.ts';
import { conversionPlan } from '../../language/emit/conversion-plan.ts';
import type { DslLease } from '../admission/dsl-stock.ts';
import type { AnswerTarget } from '../answer/query-answer.ts';
import { noteLoss } from '../history/lost-worker.ts';
import type { QueryRecord } from '../history/registry.ts';
import { answerSink, type RunDeps, timed } from '../query/run.ts';
import { feedPipe } from './feed-pipe.ts';
import { withoutColumns } from './without-columns.ts';

export interface Conversion {
  readonly columns: readonly Column[];
  readonly options: AnswerOptions;
  /** The rows as CSV, with their head. */
  readonly pieces: AsyncIterable<Buffer>;
  /** The number of rows. */
  readonly rows: number;
}

/** Values are longer as text than the database sends them: an instant of 8 bytes has 27 characters. */
const TEXT_FACTOR = 8;

/** Rejects with the worker's error, or with that of `pieces`. */
export async function runConversion(
  deps: RunDeps,
  query: QueryRecord,
  answer: AnswerTarget,
  conversion: Conversion,
): Promise<Pick<AnswerSummary, 'rows'>> {
  refuseNames(conversion.columns, conversion.options);
  if (conversion.columns.length === 0) return withoutColumns(answer, conversion);
  query.phase = 'queue';
  const lease = await timed(query, 'queue', deps.dslStock.lane.acquire(query, false));
  let outcome: 'reusable' | 'discard' = 'discard';
  let reason = '';
  try {
    lease.begin(query);
    query.phase = 'stages';
    query.pids = [lease.pid];
    const { rows, phases } = await convert(deps, query, answer, conversion, lease);
    query.phases.dsl += phases.dslMs;
    query.phases.encode += phases.encodeMs;
    outcome = 'reusable';
    return { rows };
  } catch (thrown) {
    reason = QueryError.from(thrown).code;
    // A value that the format cannot hold has ended the statement cleanly.
    if (reason === 'bad-value') outcome = 'reusable';
    throw thrown;
  } finally {
    query.pids = [];
    lease.release(outcome, reason);
  }
}

async function convert(
  deps: RunDeps,
  query: QueryRecord,
  answer: AnswerTarget,
  { columns, options, pieces }: Conversion,
  lease: DslLease,
): Promise<RunStagesReply> {
  const { socket } = lease;
  const { queryId } = query;
  const { plan, columns: given } = conversionPlan(columns, options);
  const request = {
    type: 'run-stages' as const,
    ...{ queryId, principal: query.principal.id, connection: query.connection, plan, parameters: [] },
    ...{ columns: given, keptColumns: columns, answer: options },
    limits: { capRows: null, maxRows: Number.MAX_SAFE_INTEGER - 1, maxBytes: Number.MAX_SAFE_INTEGER },
    maxRowBytes: TEXT_FACTOR * deps.maxRowBytes,
    deadlineAt: query.deadlineAt,
  };
  let isOver = false;
  const call = socket.call(request, answerSink({ query, answer }, socket));
  call
    .catch((thrown) => noteLoss(query, thrown, () => ({ workerId: socket.workerId, shared: false })))
    .finally(() => {
      isOver = true;
    });
  let feedError: unknown = null;
  const feeding = feedPipe(inputFifo(lease.fifoPath, 0), pieces, () => isOver).catch((thrown: unknown) => {
    feedError = thrown;
    socket.cancel(queryId);
  });
  try {
    return await raceCancellation(query.cancellation, call, () => socket.cancel(queryId));
  } catch (thrown) {
    throw feedError ?? thrown;
  } finally {
    // The worker is used again only once nobody writes into its pipe any more.
    isOver = true;
    await feeding;
  }
}
