/** A batch of Arrow's columns as batches of the wire (core/protocol/wire-rows.ts): its buffers are copied as they are. */
import type { RecordBatch, Vector } from 'apache-arrow';
import type { DatabaseColumn } from '../../core/protocol/types.ts';
import {
  BATCH_HEAD_BYTES,
  BATCH_MARK,
  BATCH_ROWS,
  BATCH_TEXT_BYTES,
  BatchForm,
  FORM_BYTES,
} from '../../core/protocol/wire-rows.ts';
import { sparkTypeOf } from '../../language/dialects/spark/types.ts';
import { rowTooLongForStages } from '../kit/answer.ts';
import type { ByteWriter } from '../kit/encode/byte-writer.ts';
import type { WireBatch } from '../kit/rows-out.ts';
import { stalePlan } from '../kit/stale-plan.ts';
import { checkForm, type SentColumn, sentColumn } from './arrow-columns.ts';

/** A row's count and a field's length, as they are counted for the longest row. */
const [COUNT_BYTES, LENGTH_BYTES] = [2, 4];
const COLUMN_HEAD_BYTES = 2;

/** Throws stale-plan when the batch has not the columns that were described. */
export function columnBatch(
  batch: RecordBatch,
  columns: readonly DatabaseColumn[],
  writer: ByteWriter,
  maxRowBytes: number,
): WireBatch {
  const sent = columns.map((column) => sentColumn(column, vectorOf(batch, column)));
  return {
    rows: batch.numRows,
    write(from) {
      const rows = rowsOfBatch(sent, from, batch.numRows);
      if (bytesOf(sent, from, rows) > maxRowBytes) checkRows(sent, from, rows, maxRowBytes);
      writeBatch(writer, sent, from, rows);
      return rows;
    },
  };
}

/** Throws stale-plan for a column that is not there, or is of another type. */
export function vectorOf(batch: RecordBatch, column: DatabaseColumn): Vector {
  const at = batch.schema.fields.findIndex(({ name }) => name === column.name);
  const vector = at === -1 ? null : batch.getChildAt(at);
  if (vector === null) throw stalePlan('the columns');
  checkForm(sparkTypeOf(column.type), vector.type);
  return vector;
}

/** Returns how many rows from this one on go together: half as many, until their texts are not too long. */
function rowsOfBatch(columns: readonly SentColumn[], from: number, end: number): number {
  let rows = Math.min(BATCH_ROWS, end - from);
  while (rows > 1 && textBytes(columns, from, from + rows) > BATCH_TEXT_BYTES) rows >>= 1;
  return rows;
}

function textBytes(columns: readonly SentColumn[], from: number, to: number): number {
  let bytes = 0;
  for (const { offsets } of columns) if (offsets !== null) bytes += offsets[to]! - offsets[from]!;
  return bytes;
}

function bytesOf(columns: readonly SentColumn[], from: number, rows: number): number {
  let bytes = textBytes(columns, from, from + rows) + COUNT_BYTES * rows;
  for (const { form, offsets } of columns)
    bytes += (LENGTH_BYTES + (offsets === null ? FORM_BYTES[form] : 0)) * rows;
  return bytes;
}

function checkRows(columns: readonly SentColumn[], from: number, rows: number, most: number): void {
  for (let row = from; row < from + rows; row++)
    if (bytesOf(columns, row, 1) > most) throw rowTooLongForStages(most);
}

function writeBatch(writer: ByteWriter, columns: readonly SentColumn[], from: number, rows: number): void {
  let length = 0;
  for (const column of columns) length += COLUMN_HEAD_BYTES + columnBytes(column, from, rows);
  writer.reserve(BATCH_HEAD_BYTES);
  const at = writer.buffer.writeInt16BE(BATCH_MARK, writer.position);
  writer.buffer.writeInt32LE(rows, at);
  writer.position = writer.buffer.writeInt32LE(length, at + 4);
  for (const column of columns) writeColumn(writer, column, from, rows);
}

function columnBytes(column: SentColumn, from: number, rows: number): number {
  const { form, validity, offsets } = column;
  const bits = Math.ceil(rows / 8);
  const nulls = validity === null ? 0 : bits;
  if (form === BatchForm.bits) return nulls + bits;
  const extra = offsets === null ? 0 : LENGTH_BYTES + offsets[from + rows]! - offsets[from]!;
  return nulls + FORM_BYTES[form] * rows + extra;
}

function writeColumn(writer: ByteWriter, column: SentColumn, from: number, rows: number): void {
  const { form, validity, values, bitOffset, offsets } = column;
  writer.reserve(COLUMN_HEAD_BYTES);
  writer.buffer[writer.position++] = form;
  writer.buffer[writer.position++] = validity === null ? 0 : 1;
  if (validity !== null) writeBits(writer, validity, bitOffset + from, rows);
  if (form === BatchForm.bits) writeBits(writer, values, bitOffset + from, rows);
  else if (offsets === null) {
    const width = FORM_BYTES[form];
    writer.copy(values, from * width, (from + rows) * width);
  } else {
    writeOffsets(writer, offsets, from, rows);
    writer.copy(values, offsets[from]!, offsets[from + rows]!);
  }
}

/** Writes bits, so that the first one is the lowest of a byte. */
function writeBits(writer: ByteWriter, bits: Uint8Array, first: number, count: number): void {
  const bytes = Math.ceil(count / 8);
  writer.reserve(bytes);
  const { buffer } = writer;
  const shift = first & 7;
  const start = first >> 3;
  for (let index = 0; index < bytes; index++) {
    const low = bits[start + index]! >> shift;
    const high = shift === 0 ? 0 : (bits[start + index + 1] ?? 0) << (8 - shift);
    buffer[writer.position + index] = low | high;
  }
  writer.position += bytes;
}

/** Writes where each text begins, counted from the first of these rows. */
function writeOffsets(writer: ByteWriter, offsets: Int32Array, from: number, rows: number): void {
  const bytes = LENGTH_BYTES * (rows + 1);
  writer.reserve(bytes);
  const { buffer } = writer;
  const base = offsets[from]!;
  let at = writer.position;
  for (let index = from; index <= from + rows; index++) {
    const offset = offsets[index]! - base;
    buffer[at++] = offset;
    buffer[at++] = offset >> 8;
    buffer[at++] = offset >> 16;
    buffer[at++] = offset >> 24;
  }
  writer.position = at;
}
