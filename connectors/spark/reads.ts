/** The calls on Spark: describe, run, copy. */
import { type RecordBatch, tableFromIPC } from 'apache-arrow';
import type { AnswerSummary } from '../../core/protocol/answer.ts';
import type { CopyToCall, DescribeCall, DescribeReply, RunSqlCall } from '../../core/protocol/sql-worker.ts';
import type { DatabaseColumn } from '../../core/protocol/types.ts';
import { SPARK_JUDGE } from '../../language/dialects/spark/judge.ts';
import { tokenizeSql } from '../../language/dialects/spark/tokens.ts';
import {
  columnOf,
  isJson,
  isText,
  nativeType,
  sparkType,
  sparkTypeOf,
} from '../../language/dialects/spark/types.ts';
import { refuseSameNames } from '../kit/answer.ts';
import type { CallControl } from '../kit/call-control.ts';
import type { ByteSink, CopySummary } from '../kit/connector.ts';
import type { Row } from '../kit/row-writer.ts';
import { answerRows, copyRows } from '../kit/rows-out.ts';
import { stalePlan } from '../kit/stale-plan.ts';
import { rawValues, readerOf } from './arrow-rows.ts';
import { planOf, sentItems } from './plans.ts';
import type { Asked, QuerySession } from './query-session.ts';
import { columnsOf } from './schema.ts';

export async function describe(session: QuerySession, { sql }: DescribeCall): Promise<DescribeReply> {
  SPARK_JUDGE.judge(sql, []);
  const columns = columnsOf(await session.schema(planOf(sql)));
  const numbers = tokenizeSql(sql).flatMap(({ kind, text }) => (kind === 'parameter' ? [Number(text)] : []));
  const text = nativeType(sparkType('string'));
  return { columns, parameterTypes: Array.from({ length: Math.max(0, ...numbers) }, () => text) };
}

export async function run(
  session: QuerySession,
  call: RunSqlCall,
  sink: ByteSink,
  control: CallControl,
): Promise<AnswerSummary> {
  SPARK_JUDGE.judge(call.sql, []);
  const found = columnsOf(await session.schema(planOf(call.sql, call)));
  refuseSameNames(found);
  const batches = rowsOf(session, planOf(call.sql, call, sentItems(found)), found);
  return await answerRows(found.map(columnOf), batches, call, sink, control);
}

export async function copyTo(
  session: QuerySession,
  call: CopyToCall,
  control: CallControl,
): Promise<CopySummary> {
  SPARK_JUDGE.judge(call.sql, []);
  return await copyRows(
    call.expect.map(columnOf),
    rowsOf(session, planOf(call.sql, call), call.expect),
    call,
    control,
  );
}

/** Returns the rows in batches, as Spark sends them. */
async function* rowsOf(
  session: QuerySession,
  asked: Asked,
  columns: readonly DatabaseColumn[],
): AsyncGenerator<readonly Row[]> {
  for await (const data of session.execute(asked, () => {}))
    for (const batch of tableFromIPC(data).batches) yield rowsIn(batch, columns);
}

function rowsIn(batch: RecordBatch, columns: readonly DatabaseColumn[]): readonly Row[] {
  const cells = columns.map((column) => {
    const at = batch.schema.fields.findIndex(({ name }) => name === column.name);
    const vector = at === -1 ? null : batch.getChildAt(at);
    if (vector === null) throw stalePlan('the columns');
    const type = sparkTypeOf(column.type);
    const read = isJson(type) || isText(type) ? String : readerOf(column);
    const value = rawValues(vector, type);
    return (row: number) => {
      const raw = value(row);
      return raw === null || raw === undefined ? null : read(raw);
    };
  });
  return Array.from({ length: batch.numRows }, (_, row) => cells.map((cell) => cell(row)));
}
