/** The calls on a session: describe, run, copy. */
import type { AnswerSummary } from '../../core/protocol/answer.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { isListKind } from '../../core/protocol/parameters.ts';
import type { CopyToCall, DescribeCall, DescribeReply, RunSqlCall } from '../../core/protocol/sql-worker.ts';
import { type Column, type DatabaseColumn, typeName } from '../../core/protocol/types.ts';
import { tokenizeSql } from '../../language/dialects/mariadb/tokens.ts';
import { columnOf, columnType, TEXT_TYPE } from '../../language/dialects/mariadb/types.ts';
import { rowTooLongForStages } from '../kit/answer.ts';
import type { CallControl } from '../kit/call-control.ts';
import type { ByteSink, CopySummary } from '../kit/connector.ts';
import { answerRows, type Batches, copyRows } from '../kit/rows-out.ts';
import { stalePlan } from '../kit/stale-plan.ts';
import { exchange } from './exchange.ts';
import { judgeSql } from './guard/judge.ts';
import { RowBatches } from './row-batches.ts';
import { RowReader } from './values.ts';
import type { BoundValue } from './wire/commands.ts';
import type { WireSession } from './wire-session.ts';

type StatementCall = RunSqlCall | CopyToCall;

export async function describeStatement(
  session: WireSession,
  { sql }: DescribeCall,
  allowed: readonly string[],
  control: CallControl,
): Promise<DescribeReply> {
  judgeSql(sql, allowed);
  const { text, numbers } = withPlaces(sql);
  const { columns } = await exchange(session, { sql: text, atMost: null, run: null }, control);
  return { columns, parameterTypes: Array.from({ length: Math.max(0, ...numbers) }, () => TEXT_TYPE) };
}

export async function runStatement(
  session: WireSession,
  call: RunSqlCall,
  allowed: readonly string[],
  sink: ByteSink,
  control: CallControl,
): Promise<AnswerSummary> {
  const { capRows, maxRows } = call.limits;
  const lastRow = Math.min(capRows ?? maxRows, maxRows);
  const tooLarge = (bytes: number): QueryError => rowTooLong(call.maxRowBytes, bytes);
  return streamed(session, call, allowed, control, {
    atMost: lastRow + 1,
    tooLarge,
    reads: (columns) => columns.map((_, index) => index),
    pass: (columns, batches) => answerRows(columns, batches, call, sink, control),
  });
}

export async function copyToFifo(
  session: WireSession,
  call: CopyToCall,
  allowed: readonly string[],
  control: CallControl,
): Promise<CopySummary> {
  const { expect } = call;
  return streamed(session, call, allowed, control, {
    atMost: null,
    tooLarge: () => rowTooLongForStages(call.maxRowBytes),
    reads: (columns) => placesOf(expect, columns),
    pass: (_columns, batches) => copyRows(expect.map(columnOf), batches, call, control),
  });
}

interface Stream<T> {
  readonly atMost: number | null;
  tooLarge(bytes: number): QueryError;
  /** The places of the columns that leave; may throw. */
  reads(columns: readonly DatabaseColumn[]): readonly number[];
  pass(columns: readonly Column[], batches: Batches): Promise<T>;
}

async function streamed<T>(
  session: WireSession,
  call: StatementCall,
  allowed: readonly string[],
  control: CallControl,
  { atMost, tooLarge, reads, pass }: Stream<T>,
): Promise<T> {
  judgeSql(call.sql, allowed);
  const { text, numbers } = withPlaces(call.sql);
  const values = boundValues(call, numbers);
  let onColumns: (columns: readonly DatabaseColumn[]) => void = () => {};
  const columnsKnown = new Promise<readonly DatabaseColumn[]>((resolve) => {
    onColumns = resolve;
  });
  const batches = new RowBatches(session, {
    maxRowBytes: call.maxRowBytes,
    tooLarge,
    reader(columns) {
      const reader = new RowReader(columns, reads(columns));
      onColumns(columns);
      return reader;
    },
  });
  const running = exchange(session, { sql: text, atMost, run: () => ({ values, taker: batches }) }, control);
  const over = running.finally(() => batches.over());
  over.catch(() => {}); // awaited below
  const columns = await Promise.race([columnsKnown, over.then(() => null)]);
  if (columns === null) throw noRows();
  try {
    const passed = await pass(columns.map(columnOf), batches);
    await over;
    return passed;
  } catch (thrown) {
    batches.over();
    session.discard(QueryError.from(thrown));
    await over.catch(() => {});
    throw await reasonOf(over, thrown);
  }
}

/** What the database says goes before what its rows' end made of it. */
async function reasonOf(over: Promise<unknown>, thrown: unknown): Promise<unknown> {
  return over.then(
    () => thrown,
    (reason: unknown) => reason,
  );
}

/** The places of the columns that are expected; throws stale-plan for one that is not there as it was. */
function placesOf(expected: readonly DatabaseColumn[], found: readonly DatabaseColumn[]): readonly number[] {
  return expected.map((column) => {
    const at = found.findIndex(({ name }) => name === column.name);
    if (at === -1) throw stalePlan('the columns');
    const [was, is] = [column, found[at]!].map(({ type }) => typeName(columnType(type)));
    if (was !== is) throw stalePlan(`the type of the column ${column.name} (${was}, now ${is})`);
    return at;
  });
}

function boundValues(
  { parameters, parameterKinds }: StatementCall,
  numbers: readonly number[],
): readonly BoundValue[] {
  return numbers.map((number) => {
    const text = parameters[number - 1];
    if (text === undefined) throw stalePlan('the number of parameters');
    const kind = parameterKinds?.[number - 1] ?? 'string';
    if (isListKind(kind)) throw boundList(number);
    return { text, kind };
  });
}

function boundList(sqlParameter: number): QueryError {
  return new QueryError('bad-parameter', 'a list cannot be bound in SQL for MariaDB', {
    hint: 'Bind each value by itself, or filter in a stage: `| where x in (:list)`.',
    sqlParameter,
  });
}

/** MariaDB binds by place: each `$n` becomes a `?` of as many characters, so that positions stay. */
function withPlaces(sql: string): { readonly text: string; readonly numbers: readonly number[] } {
  if (!sql.includes('$')) return { text: sql, numbers: [] };
  const numbers: number[] = [];
  let text = '';
  let from = 0;
  for (const token of tokenizeSql(sql)) {
    if (token.kind !== 'parameter') continue;
    numbers.push(Number(token.text));
    text += `${sql.slice(from, token.start)}${'?'.padEnd(token.end - token.start)}`;
    from = token.end;
  }
  return { text: text + sql.slice(from), numbers };
}

function rowTooLong(value: number, observed: number): QueryError {
  return new QueryError('result-too-large', `a row of the result has more than ${value} bytes`, {
    hint: 'Leave the long column out or shorten it (`left`, `substr`), or raise `limits.dslRowBytes`, the longest row.',
    limit: { name: 'dslRowBytes', value, observed },
  });
}

function noRows(): QueryError {
  return new QueryError('read-only', 'the statement returns no rows: it is not a query', {
    hint: 'Queries are SELECT, WITH, VALUES, SHOW, EXPLAIN or DESCRIBE.',
    sqlPosition: 1,
  });
}
