/**
 * One column of an Arrow record batch, filled from DuckDB vectors: both keep fixed-width values the same way and
 * null bits in the same order, so that these are copied as bytes. Strings are not: DuckDB keeps 16 bytes a value, with
 * the first 12 in place or a pointer.
 */
import duckdb, { type Vector } from '@duckdb/node-bindings';
import * as arrow from 'apache-arrow';
import type { ColumnType } from '../../language/types.ts';
import { plainText } from './value-text.ts';

/** Rows of a batch. */
export const BATCH_ROWS = 65_536;

const STRING_BYTES = 16;
const INLINE_BYTES = 12;

export interface ArrowColumn {
  readonly type: arrow.DataType;
  /** What DuckDB computes for this column, from `value`. */
  readonly sql: string;
  /** Appends `rows` values; the caller starts a new batch before BATCH_ROWS are passed. */
  append(vector: Vector, rows: number): void;
  /** Bytes held so far. */
  byteLength(): number;
  /** The batch's data; the column is empty afterwards. */
  finish(): arrow.Data;
}

/** `engineType` is the DuckDB type of the column, which has the scale of a decimal that declares none. */
export function createArrowColumn(type: ColumnType, value: string, engineType: string): ArrowColumn {
  switch (type.kind) {
    case 'bool':
      return fixedColumn(new arrow.Bool(), value, 1);
    case 'int64':
      return fixedColumn(new arrow.Int64(), value, 8);
    case 'float64':
      return fixedColumn(new arrow.Float64(), value, 8);
    case 'date':
      return fixedColumn(new arrow.DateDay(), value, 4);
    case 'time':
      return fixedColumn(new arrow.TimeMicrosecond(), value, 8);
    case 'timestamp':
      return fixedColumn(new arrow.TimestampMicrosecond(), value, 8);
    case 'timestamptz':
      return fixedColumn(new arrow.TimestampMicrosecond('UTC'), value, 8);
    case 'decimal': {
      const scale = type.scale ?? decimalScale(engineType);
      return fixedColumn(new arrow.Decimal(scale, 38, 128), `${value}::DECIMAL(38, ${scale})`, 16);
    }
    case 'bytes':
      return bytesColumn(new arrow.Binary(), value);
    default:
      return bytesColumn(new arrow.Utf8(), plainText(type, value));
  }
}

function decimalScale(engineType: string): number {
  const match = /^DECIMAL\(\d+, *(\d+)\)$/.exec(engineType);
  return match === null ? 0 : Number(match[1]);
}

/** Arrow's null bits (1: there is a value), LSB first. */
function createNullBits(): {
  append(vector: Vector, at: number, rows: number): void;
  take(length: number): Uint8Array;
  nulls(): number;
} {
  let bits = new Uint8Array(BATCH_ROWS / 8);
  let nulls = 0;
  return {
    append(vector, at, rows) {
      const valid = duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8) as Uint8Array | null;
      for (let row = 0; row < rows; row++) {
        if (valid !== null && ((valid[row >> 3]! >> (row & 7)) & 1) === 0) nulls += 1;
        else bits[(at + row) >> 3]! |= 1 << ((at + row) & 7);
      }
    },
    take(length) {
      const taken = bits.subarray(0, Math.ceil(length / 8));
      bits = new Uint8Array(BATCH_ROWS / 8);
      nulls = 0;
      return taken;
    },
    nulls: () => nulls,
  };
}

function fixedColumn(type: arrow.DataType, sql: string, width: number): ArrowColumn {
  const nullBits = createNullBits();
  let length = 0;
  let values = new Uint8Array(BATCH_ROWS * width);
  return {
    type,
    sql,
    append(vector, rows) {
      values.set(duckdb.vector_get_data(vector, rows * width), length * width);
      nullBits.append(vector, length, rows);
      length += rows;
    },
    byteLength: () => length * width,
    finish() {
      const nullCount = nullBits.nulls();
      const data =
        type instanceof arrow.Bool
          ? packBits(values, length)
          : typed(type, values.subarray(0, length * width));
      const finished = arrow.makeData({
        type,
        length,
        nullCount,
        nullBitmap: nullBits.take(length),
        data,
      } as never);
      length = 0;
      values = new Uint8Array(BATCH_ROWS * width);
      return finished;
    },
  };
}

/** The same bytes in the kind of array that Arrow expects for this type. */
function typed(type: arrow.DataType, bytes: Uint8Array): ArrayBufferView {
  const { ArrayType } = type as {
    ArrayType: { BYTES_PER_ELEMENT: number; new (b: ArrayBufferLike, o: number, n: number): ArrayBufferView };
  };
  return new ArrayType(bytes.buffer, bytes.byteOffset, bytes.byteLength / ArrayType.BYTES_PER_ELEMENT);
}

function packBits(bools: Uint8Array, length: number): Uint8Array {
  const packed = new Uint8Array(Math.ceil(length / 8));
  for (let row = 0; row < length; row++) packed[row >> 3]! |= (bools[row]! & 1) << (row & 7);
  return packed;
}

function bytesColumn(type: arrow.DataType, sql: string): ArrowColumn {
  const nullBits = createNullBits();
  let length = 0;
  let offsets = new Int32Array(BATCH_ROWS + 1);
  let bytes = Buffer.allocUnsafe(64 * 1024);
  let used = 0;

  function reserve(more: number): void {
    if (used + more <= bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(bytes.length * 2, used + more));
    bytes.copy(grown, 0, 0, used);
    bytes = grown;
  }

  return {
    type,
    sql,
    append(vector, rows) {
      nullBits.append(vector, length, rows);
      const valid = duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8) as Uint8Array | null;
      const strings = duckdb.vector_get_data(vector, rows * STRING_BYTES);
      const view = new DataView(strings.buffer, strings.byteOffset, strings.byteLength);
      for (let row = 0; row < rows; row++) {
        if (valid === null || ((valid[row >> 3]! >> (row & 7)) & 1) === 1) {
          const at = row * STRING_BYTES;
          const size = view.getUint32(at, true);
          reserve(size);
          const source =
            size <= INLINE_BYTES
              ? strings.subarray(at + 4, at + 4 + size)
              : duckdb.get_data_from_pointer(
                  strings.buffer as ArrayBuffer,
                  strings.byteOffset + at + 8,
                  size,
                );
          bytes.set(source, used);
          used += size;
        }
        offsets[length + row + 1] = used;
      }
      length += rows;
    },
    byteLength: () => used + length * 4,
    finish() {
      const valueOffsets = offsets.subarray(0, length + 1);
      const nullCount = nullBits.nulls();
      const data = bytes.subarray(0, used);
      const finished = arrow.makeData({
        type,
        length,
        nullCount,
        nullBitmap: nullBits.take(length),
        valueOffsets,
        data,
      } as never);
      length = 0;
      used = 0;
      offsets = new Int32Array(BATCH_ROWS + 1);
      bytes = Buffer.allocUnsafe(64 * 1024);
      return finished;
    },
  };
}
