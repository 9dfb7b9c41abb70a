/** The calls on Spark: describe, run, copy. */
import { type RecordBatch, tableFromIPC } from 'apache-arrow';
import type { AnswerSummary } from '../../core/protocol/answer.ts';
import type {
  CopyToCall,
  DescribeCall,
  DescribeReply,
  ExplainCall,
  ExplainReply,
  RunSqlCall,
} from '../../core/protocol/sql-worker.ts';
import type { DatabaseColumn } from '../../core/protocol/types.ts';
import { SPARK_JUDGE } from '../../language/dialects/spark/judge.ts';
import { tokenizeSql } from '../../language/dialects/spark/tokens.ts';
import { columnOf, nativeType, sparkType } from '../../language/dialects/spark/types.ts';
import { refuseSameNames } from '../kit/answer.ts';
import type { CallControl } from '../kit/call-control.ts';
import type { ByteSink, CopySummary } from '../kit/connector.ts';
import type { ByteWriter } from '../kit/encode/byte-writer.ts';
import type { Row } from '../kit/row-writer.ts';
import { answerRows, copyBatches, type WireBatch } from '../kit/rows-out.ts';
import { AlignedBytes } from './aligned-bytes.ts';
import { readerOf } from './arrow-values.ts';
import { columnBatch, vectorOf } from './column-batch.ts';
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

export async function explain(session: QuerySession, call: ExplainCall): Promise<ExplainReply> {
  SPARK_JUDGE.judge(call.sql, []);
  return { plan: await session.explain(planOf(call.sql, call)) };
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
  const asked = planOf(call.sql, call);
  return await copyBatches((writer) => wireBatches(session, asked, call, writer), call, control);
}

async function* wireBatches(
  session: QuerySession,
  asked: Asked,
  { expect, maxRowBytes }: CopyToCall,
  writer: ByteWriter,
): AsyncGenerator<WireBatch> {
  const aligned = new AlignedBytes();
  for await (const data of session.execute(asked))
    for (const batch of tableFromIPC(aligned.copy(data)).batches)
      yield columnBatch(batch, expect, writer, maxRowBytes);
}

async function* batchesOf(session: QuerySession, asked: Asked): AsyncGenerator<RecordBatch> {
  for await (const data of session.execute(asked)) yield* tableFromIPC(data).batches;
}

/** Returns the rows in batches, as Spark sends them. */
async function* rowsOf(
  session: QuerySession,
  asked: Asked,
  columns: readonly DatabaseColumn[],
): AsyncGenerator<readonly Row[]> {
  for await (const batch of batchesOf(session, asked)) yield rowsIn(batch, columns);
}

function rowsIn(batch: RecordBatch, columns: readonly DatabaseColumn[]): readonly Row[] {
  const cells = columns.map((column) => readerOf(column, vectorOf(batch, column)));
  return Array.from({ length: batch.numRows }, (_, row) => cells.map((cell) => cell(row)));
}
