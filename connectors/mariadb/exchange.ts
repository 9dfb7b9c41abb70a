/**
 * The one way in which SQL runs: prepared (so one statement only), in a READ ONLY transaction with a time limit, and always
 * rolled back. Two round trips:
 *
 *   start transaction read only; set the limits; prepare   ->   execute; close; rollback
 */
import { QueryError } from '../../core/protocol/errors.ts';
import type { DescribedSql } from '../../core/protocol/plan.ts';
import type { DatabaseColumn } from '../../core/protocol/types.ts';
import type { CallControl } from '../kit/call-control.ts';
import { expectColumns, stalePlan } from '../kit/stale-plan.ts';
import { statementError } from './errors.ts';
import { withPlaces } from './parameters.ts';
import type { Described } from './wire/answers.ts';
import {
  type BoundValue,
  closeCommand,
  executeCommand,
  prepareCommand,
  queryCommand,
} from './wire/commands.ts';
import { type RowTaker, StatementError, type WireSession } from './wire-session.ts';

/**
 * The time after the deadline at which the database ends a statement by itself: this worker's timer ends it at its
 * deadline, and the database's own limit is for a worker that is stuck or was killed.
 */
const BACKSTOP_MS = 1000;
const BEGIN = queryCommand('start transaction read only');
const END = queryCommand('rollback');

export interface ExchangeRequest {
  readonly sql: string;
  /** The users' SQL that the statement was built around: it is described again, to notice columns that have changed. */
  readonly described?: readonly DescribedSql[];
  /** Rows that the answer has at most, when the statement says no other limit itself; null: no limit. */
  readonly atMost: number | null;
  /** Looks at the statement before it runs, which may throw; null: it does not run. */
  readonly run: ((described: Described) => StatementRun) | null;
}

export interface StatementRun {
  readonly values: readonly BoundValue[];
  readonly taker: RowTaker;
}

/** Rejects with what the database, the looks at the statement, its rows or the call's end say, as QueryError. */
export async function exchange(
  session: WireSession,
  request: ExchangeRequest,
  control: CallControl,
): Promise<Described> {
  const { sql } = request;
  refuseLong(sql, session.server.maxPacketBytes);
  session.begin(control.cancellation);
  let clean = false;
  try {
    const described = await runSteps(session, request, control, () => {
      clean = true;
    });
    if (session.failure !== null) throw session.failure;
    return described;
  } catch (thrown) {
    if (session.failure !== null) throw session.failure;
    throw thrown instanceof StatementError ? statementError(thrown.error, sql) : thrown;
  } finally {
    session.finish(clean);
  }
}

async function runSteps(
  session: WireSession,
  { sql, described: known = [], atMost, run }: ExchangeRequest,
  control: CallControl,
  onClean: () => void,
): Promise<Described> {
  const begun = session.command(BEGIN);
  const limited = session.command(queryCommand(limits(session, control, atMost)));
  const describing = known.map((one) => session.prepare(prepareCommand(withPlaces(one.sql).text)));
  const preparing = session.prepare(prepareCommand(sql));
  let ended: Promise<void> | null = null;
  try {
    await begun;
    await limited;
    for (const [index, { columns }] of known.entries())
      await expectSame(session, describing[index]!, columns);
    const described = await preparing;
    // A statement that failed on the way to here is not executed.
    const running = session.failure === null && run !== null ? start(session, described, run) : null;
    session.tell(closeCommand(described.statement));
    ended = session.command(END);
    await running?.catch((thrown: unknown) => {
      if (!session.hadEnough) throw thrown;
    });
    return described;
  } finally {
    await (ended ?? session.command(END));
    onClean();
  }
}

/** Throws stale-plan when SQL that was described for the plan has other columns now, or is wrong now. */
async function expectSame(
  session: WireSession,
  describing: Promise<Described>,
  columns: readonly DatabaseColumn[],
): Promise<void> {
  const found = await describing.catch((thrown: unknown) => {
    throw thrown instanceof StatementError && thrown.error.sqlstate.startsWith('42')
      ? stalePlan('what it reads')
      : thrown;
  });
  session.tell(closeCommand(found.statement));
  expectColumns(columns, found.columns);
}

function start(
  session: WireSession,
  described: Described,
  run: (described: Described) => StatementRun,
): Promise<void> {
  try {
    const { values, taker } = run(described);
    if (values.length !== described.parameters) throw wrongParameters();
    return session.rows(executeCommand(described.statement, values), taker);
  } catch (thrown) {
    return Promise.reject(thrown);
  }
}

function limits({ server }: WireSession, { deadlineAt }: CallControl, atMost: number | null): string {
  const ms = Math.max(0, deadlineAt - Date.now()) + BACKSTOP_MS;
  const time = server.isMariadb ? `max_statement_time = ${ms / 1000}` : `max_execution_time = ${ms}`;
  return `set ${time}, sql_select_limit = ${atMost ?? 'default'}`;
}

function wrongParameters(): QueryError {
  return new QueryError('missing-parameter', 'the statement has more or fewer parameters than were given');
}

function refuseLong(sql: string, maxBytes: number): void {
  const bytes = Buffer.byteLength(sql);
  if (bytes < maxBytes) return;
  throw new QueryError('query-too-large', `the SQL has ${bytes} bytes, and the database takes ${maxBytes}`, {
    hint: 'Raise `max_allowed_packet` of the database, or make the SQL shorter.',
    limit: { name: 'max_allowed_packet', value: maxBytes, observed: bytes },
  });
}
