/**
 * The answer as an Arrow IPC stream: schema, record batches, end marker. It is the only format that is not printed
 * by DuckDB, which cannot write it. This file is imported when the first Arrow answer is asked for, since the
 * library behind it is larger than the rest of this worker.
 */
import type { DuckDBResult } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import * as arrow from 'apache-arrow';
import type { Column } from '../../language/types.ts';
import type { AnswerWriter } from './answer-writer.ts';
import { type ArrowColumn, BATCH_ROWS, createArrowColumn } from './arrow-column.ts';

export interface ArrowStreamOptions {
  /** The answer's rows with the columns c0, c1, ... */
  readonly select: string;
  readonly columns: readonly Column[];
  /** The DuckDB types of `select`'s columns. */
  readonly types: readonly string[];
  readonly writer: AnswerWriter;
  stream(sql: string): Promise<DuckDBResult>;
}

/** A batch is sent when it has this many bytes, full or not. */
const BATCH_BYTES = 8 * 1024 * 1024;
/** How an IPC stream ends: a continuation marker and a length of zero. */
const END_OF_STREAM = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

/** Sends the whole stream with back-pressure and returns the number of rows. */
export async function sendArrowStream(options: ArrowStreamOptions): Promise<number> {
  const { columns, types, writer } = options;
  const builders = columns.map((column, index) => createArrowColumn(column.type, `c${index}`, types[index]!));
  const fields = columns.map((column, index) => new arrow.Field(column.name, builders[index]!.type, true));
  const schema = new arrow.Schema(fields);
  const outputs = builders.map(({ sql }, index) => `${sql} AS c${index}`).join(', ');
  const result = await options.stream(`SELECT ${outputs} FROM (${options.select}) AS r`);

  const schemaBytes = ipcBytes(schema, []);
  const head = schemaBytes.subarray(0, schemaBytes.length - END_OF_STREAM.length);
  writer.write(head);
  let sent = 0;
  let pending = 0;

  async function flush(): Promise<void> {
    if (pending === 0) return;
    const children = builders.map((builder) => builder.finish());
    const data = arrow.makeData({ type: new arrow.Struct(fields), length: pending, nullCount: 0, children });
    const bytes = ipcBytes(schema, [new arrow.RecordBatch(schema, data)]);
    sent += pending;
    pending = 0;
    if (!writer.write(bytes.subarray(head.length, bytes.length - END_OF_STREAM.length)))
      await writer.drained();
  }

  for (;;) {
    const chunk = await result.fetchChunk();
    const rows = chunk?.rowCount ?? 0;
    if (chunk === null || rows === 0) break;
    if (pending + rows > BATCH_ROWS || heldBytes(builders) > BATCH_BYTES) await flush();
    builders.forEach((builder, index) => {
      builder.append(duckdb.data_chunk_get_vector(chunk.chunk, index), rows);
    });
    pending += rows;
  }
  await flush();
  writer.write(END_OF_STREAM);
  return sent;
}

/** A whole IPC stream of these batches; its first message is the schema, the same each time. */
function ipcBytes(schema: arrow.Schema, batches: readonly arrow.RecordBatch[]): Buffer {
  const writer = new arrow.RecordBatchStreamWriter();
  writer.reset(undefined, schema);
  for (const batch of batches) writer.write(batch);
  writer.finish();
  const bytes = writer.toUint8Array(true);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function heldBytes(builders: readonly ArrowColumn[]): number {
  return builders.reduce((sum, builder) => sum + builder.byteLength(), 0);
}
