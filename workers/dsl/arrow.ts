/**
 * The answer as an Arrow IPC stream: schema, record batches, end marker. It is the only format that is not written
 * by DuckDB, which cannot. This file is imported when the first Arrow answer is asked for, since the library behind
 * it is larger than the rest of this worker.
 *
 * The rows are set aside in a table first. A result that DuckDB streams ends in the same way after an error as after
 * its last row, and the bindings do not give the error: a statement that writes a table does, and it counts the rows,
 * which tells whether all of them came out of it again.
 */
import type { DuckDBResult } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import * as arrow from 'apache-arrow';
import type { Column } from '../../core/protocol/types.ts';
import type { AnswerWriter } from './answer-writer.ts';
import { type ArrowColumn, createArrowColumn } from './arrow-column.ts';
import { arrowField, arrowStorage } from './arrow-types.ts';
import { columnarValue } from './columnar-value.ts';

/** A batch is sent before it has more rows than this. */
const BATCH_ROWS = 65_536;
/** A batch is sent when it has this many bytes, full or not. */
const BATCH_BYTES = 8 * 1024 * 1024;
/** The end of an IPC stream: a continuation marker and a length of zero. */
const END_OF_STREAM = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

export interface ArrowStreamOptions {
  readonly schema: arrow.Schema;
  readonly writer: AnswerWriter;
  /** Streams the rows that were set aside: their columns are those of `arrowSelect`. */
  readonly rows: DuckDBResult;
  /** The number of rows. */
  readonly count: number;
}

/** `engineTypes` are the DuckDB types of the columns. */
export function arrowSchema(columns: readonly Column[], engineTypes: readonly string[]): arrow.Schema {
  return new arrow.Schema(
    columns.map(({ name, type }, index) => arrowField(name, type, engineTypes[index]!)),
  );
}

/** A SELECT of `select`'s columns c0, c1, ... as Arrow keeps them, under the same names. */
export function arrowSelect(
  select: string,
  columns: readonly Column[],
  engineTypes: readonly string[],
): string {
  const outputs = columns.map(({ name, type }, index) => {
    const value = columnarValue(type, `c${index}`, name);
    const storage = arrowStorage(type, engineTypes[index]!);
    return storage === null ? `${value} AS c${index}` : `CAST(${value} AS ${storage}) AS c${index}`;
  });
  return `SELECT ${outputs.join(', ')} FROM (${select}) AS r`;
}

/** Sends the whole stream with back-pressure; throws when not all rows came. */
export async function sendArrowStream({ schema, writer, rows, count }: ArrowStreamOptions): Promise<void> {
  const builders = schema.fields.map(({ type }) => createArrowColumn(type));
  const schemaBytes = ipcBytes(schema, []);
  const head = schemaBytes.subarray(0, schemaBytes.length - END_OF_STREAM.length);
  writer.write(head);
  let sent = 0;
  let pending = 0;

  async function flush(): Promise<void> {
    if (pending === 0) return;
    const children = builders.map((builder) => builder.finish());
    const type = new arrow.Struct(schema.fields);
    const data = arrow.makeData({ type, length: pending, nullCount: 0, children });
    const bytes = ipcBytes(schema, [new arrow.RecordBatch(schema, data)]);
    sent += pending;
    pending = 0;
    if (!writer.write(bytes.subarray(head.length, bytes.length - END_OF_STREAM.length)))
      await writer.drained();
  }

  for (;;) {
    const chunk = await rows.fetchChunk();
    const found = chunk?.rowCount ?? 0;
    if (chunk === null || found === 0) break;
    if (pending + found > BATCH_ROWS || heldBytes(builders) > BATCH_BYTES) await flush();
    builders.forEach((builder, index) => {
      builder.append(duckdb.data_chunk_get_vector(chunk.chunk, index), 0, found);
    });
    pending += found;
  }
  await flush();
  if (sent !== count) throw new Error(`the engine gave ${sent} of the answer's ${count} rows`);
  writer.write(END_OF_STREAM);
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
