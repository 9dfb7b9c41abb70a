/** A batch of Arrow's columns as rows of the wire (core/protocol/wire-rows.ts). */
import type { RecordBatch, Vector } from 'apache-arrow';
import type { DatabaseColumn } from '../../core/protocol/types.ts';
import { sparkTypeOf } from '../../language/dialects/spark/types.ts';
import type { ByteWriter } from '../kit/encode/byte-writer.ts';
import type { WireBatch } from '../kit/rows-out.ts';
import { stalePlan } from '../kit/stale-plan.ts';
import { type ArrowCell, arrowCell, checkForm } from './arrow-cells.ts';
import { readerOf } from './arrow-values.ts';

/** The length that stands for a null. */
const NULL_LENGTH = -1;

/** Throws stale-plan when the batch has not the columns that were described. */
export function wireBatch(
  batch: RecordBatch,
  columns: readonly DatabaseColumn[],
  writer: ByteWriter,
): WireBatch {
  const cells = columns.map((column) => cellOf(column, vectorOf(batch, column)));
  return {
    rows: batch.numRows,
    write(row) {
      writer.reserve(2);
      writer.buffer.writeInt16BE(cells.length, writer.position);
      writer.position += 2;
      for (let index = 0; index < cells.length; index++) cells[index]!(writer, row);
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

function cellOf(column: DatabaseColumn, vector: Vector): ArrowCell {
  const [data] = vector.data; // a batch has one piece
  const cell = arrowCell(column, data!, readerOf(column, vector));
  if (data!.nullCount === 0) return cell;
  const { nullBitmap, offset } = data!;
  return (writer, row) => {
    const bit = offset + row;
    if ((nullBitmap[bit >> 3]! >> (bit & 7)) & 1) return cell(writer, row);
    writer.reserve(4);
    writer.buffer.writeInt32BE(NULL_LENGTH, writer.position);
    writer.position += 4;
  };
}
