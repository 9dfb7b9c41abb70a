/**
 * One column of an Arrow record batch, filled from DuckDB vectors: both keep fixed-width values the same way and
 * null bits in the same order, so that these are copied as bytes. Strings are not (string-vector.ts).
 */
import duckdb, { type Vector } from '@duckdb/node-bindings';
import * as arrow from 'apache-arrow';
import { QueryError } from '../../core/protocol/errors.ts';
import { BitList, GrowingBytes, isValid, validityOf } from './arrow-bytes.ts';
import { StringVector } from './string-vector.ts';

const LIST_ENTRY_BYTES = 16;
const UUID_BYTES = 16;
/** Offsets into a batch are 32 bits with a sign. */
const MAX_BATCH_BYTES = 2 ** 31 - 1;

export interface ArrowColumn {
  /** Appends the values of rows [from, from + rows). */
  append(vector: Vector, from: number, rows: number): void;
  /** Bytes held so far. */
  byteLength(): number;
  /** The batch's data; the column is empty afterwards. */
  finish(): arrow.Data;
}

/** The DuckDB type of the vectors is the one of `arrowStorage` (arrow-types.ts). */
export function createArrowColumn(type: arrow.DataType): ArrowColumn {
  if (arrow.DataType.isBool(type)) return boolColumn(type);
  if (arrow.DataType.isFixedSizeBinary(type)) return uuidColumn(type);
  if (arrow.DataType.isUtf8(type) || arrow.DataType.isBinary(type)) return bytesColumn(type);
  if (arrow.DataType.isList(type)) return listColumn(type);
  if (arrow.DataType.isDecimal(type)) return fixedColumn(type, 16);
  return fixedColumn(type, arrow.DataType.isDate(type) ? 4 : 8);
}

function appendNulls(nulls: BitList, validity: Uint8Array | null, from: number, rows: number): void {
  if (validity === null) nulls.pushOnes(rows);
  else for (let row = from; row < from + rows; row++) nulls.push(isValid(validity, row));
}

/** Returns the part that all finished columns have: the type, the number of values, and which of them are null. */
function commonData(type: arrow.DataType, nulls: BitList) {
  const { length, zeros } = nulls;
  return { type, length, nullCount: zeros, nullBitmap: nulls.take() };
}

function fixedColumn(type: arrow.DataType, width: number): ArrowColumn {
  const nulls = new BitList();
  const values = new GrowingBytes();
  return {
    append(vector, from, rows) {
      values.append(duckdb.vector_get_data(vector, (from + rows) * width).subarray(from * width));
      appendNulls(nulls, validityOf(vector, from + rows), from, rows);
    },
    byteLength: () => values.used,
    finish() {
      const data = typed(type, values.take());
      return arrow.makeData({ ...commonData(type, nulls), data } as never);
    },
  };
}

/** Returns the bytes as the kind of array that Arrow expects for this type. */
function typed(type: arrow.DataType, bytes: Uint8Array): ArrayBufferView {
  const { ArrayType } = type as {
    ArrayType: { BYTES_PER_ELEMENT: number; new (b: ArrayBufferLike, o: number, n: number): ArrayBufferView };
  };
  return new ArrayType(bytes.buffer, bytes.byteOffset, bytes.byteLength / ArrayType.BYTES_PER_ELEMENT);
}

function boolColumn(type: arrow.DataType): ArrowColumn {
  const nulls = new BitList();
  const values = new BitList();
  return {
    append(vector, from, rows) {
      const bools = duckdb.vector_get_data(vector, from + rows);
      for (let row = from; row < from + rows; row++) values.push((bools[row]! & 1) === 1);
      appendNulls(nulls, validityOf(vector, from + rows), from, rows);
    },
    byteLength: () => values.length >> 3,
    finish: () => arrow.makeData({ ...commonData(type, nulls), data: values.take() } as never),
  };
}

/** DuckDB keeps a uuid as a number of 128 bits, lowest byte first, with its highest bit turned round so that it sorts. */
function uuidColumn(type: arrow.DataType): ArrowColumn {
  const nulls = new BitList();
  const values = new GrowingBytes();
  return {
    append(vector, from, rows) {
      const source = duckdb.vector_get_data(vector, (from + rows) * UUID_BYTES);
      const out = values.reserve(rows * UUID_BYTES);
      for (let row = from; row < from + rows; row++) {
        const first = row * UUID_BYTES;
        for (let byte = UUID_BYTES - 1; byte >= 0; byte--) out[values.used++] = source[first + byte]!;
        out[values.used - UUID_BYTES]! ^= 0x80;
      }
      appendNulls(nulls, validityOf(vector, from + rows), from, rows);
    },
    byteLength: () => values.used,
    finish: () => arrow.makeData({ ...commonData(type, nulls), data: values.take() } as never),
  };
}

/** The offsets at which the values of a column of unequal lengths end. */
class Offsets {
  readonly #bytes = new GrowingBytes();

  constructor() {
    this.push(0);
  }

  push(end: number): void {
    if (end > MAX_BATCH_BYTES) throw tooLongRows();
    const bytes = this.#bytes.reserve(4);
    const at = this.#bytes.used;
    for (let byte = 0; byte < 4; byte++) bytes[at + byte] = (end >>> (8 * byte)) & 0xff;
    this.#bytes.used += 4;
  }

  get byteLength(): number {
    return this.#bytes.used;
  }

  take(): Int32Array {
    const bytes = this.#bytes.take();
    this.push(0);
    return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  }
}

function tooLongRows(): QueryError {
  return new QueryError('result-too-large', 'the rows are too long for a batch of Arrow', {
    hint: 'take fewer columns, shorten the long ones, or ask for json, ndjson or csv',
    limit: { name: 'arrowBatchBytes', value: MAX_BATCH_BYTES },
  });
}

function bytesColumn(type: arrow.DataType): ArrowColumn {
  const nulls = new BitList();
  const bytes = new GrowingBytes();
  const offsets = new Offsets();
  return {
    append(vector, from, rows) {
      const validity = validityOf(vector, from + rows);
      appendNulls(nulls, validity, from, rows);
      const strings = new StringVector(vector, from + rows);
      for (let row = from; row < from + rows; row++) {
        if (isValid(validity, row)) bytes.append(strings.at(row));
        offsets.push(bytes.used);
      }
    },
    byteLength: () => bytes.used + offsets.byteLength,
    finish() {
      const valueOffsets = offsets.take();
      return arrow.makeData({ ...commonData(type, nulls), valueOffsets, data: bytes.take() } as never);
    },
  };
}

/** DuckDB keeps where each list begins among the elements of all, and how long it is; they need not be in order. */
function listColumn(type: arrow.List): ArrowColumn {
  const nulls = new BitList();
  const offsets = new Offsets();
  const elements = createArrowColumn(type.valueType);
  let count = 0;
  return {
    append(vector, from, rows) {
      const validity = validityOf(vector, from + rows);
      appendNulls(nulls, validity, from, rows);
      const entries = duckdb.vector_get_data(vector, (from + rows) * LIST_ENTRY_BYTES);
      const view = new DataView(entries.buffer, entries.byteOffset, entries.byteLength);
      const child = duckdb.list_vector_get_child(vector);
      let pendingFrom = 0;
      let pending = 0;
      const appendPending = (): void => {
        if (pending > 0) elements.append(child, pendingFrom, pending);
        pending = 0;
      };
      for (let row = from; row < from + rows; row++) {
        const at = row * LIST_ENTRY_BYTES;
        const length = isValid(validity, row) ? Number(view.getBigUint64(at + 8, true)) : 0;
        const start = length === 0 ? 0 : Number(view.getBigUint64(at, true));
        if (length > 0 && (pending === 0 || start !== pendingFrom + pending)) {
          appendPending();
          pendingFrom = start;
        }
        pending += length;
        count += length;
        offsets.push(count);
      }
      appendPending();
    },
    byteLength: () => offsets.byteLength + elements.byteLength(),
    finish() {
      const valueOffsets = offsets.take();
      count = 0;
      return arrow.makeData({ ...commonData(type, nulls), valueOffsets, child: elements.finish() } as never);
    },
  };
}
