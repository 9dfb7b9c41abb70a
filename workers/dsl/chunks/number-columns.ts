/** Booleans, integers, floats, times and uuids: the bytes of the wire, turned around. */
import { BatchForm } from '../../../core/protocol/wire-rows.ts';
import type { BatchColumn } from './batch.ts';
import { FixedColumn } from './column.ts';
import { corrupt } from './corrupt.ts';
import { CHUNK_ROWS, type Fields } from './fields.ts';

/** BOOLEAN. */
export class BoolColumn extends FixedColumn {
  readonly #bytes: Uint8Array;

  constructor(name: string) {
    super(name, 1);
    this.#bytes = new Uint8Array(this.values);
  }

  read({ bytes, starts, lengths, rows }: Fields, column: number, row: number): void {
    const first = column * CHUNK_ROWS;
    for (let index = 0; index < rows; index++) {
      const length = lengths[first + index]!;
      if (length !== 1) {
        this.readAbsent(row + index, length);
        continue;
      }
      const value = bytes[starts[first + index]!]!;
      // The engine takes one of two branches by it: with any other byte it does what nobody knows.
      if (value > 1) throw corrupt(`a boolean of ${value} in column ${this.name}`);
      this.#bytes[row + index] = value;
    }
  }

  protected override get forms(): readonly BatchForm[] {
    return [BatchForm.bits];
  }

  protected override readValues({ bytes, values, rows }: BatchColumn, row: number): void {
    for (let index = 0; index < rows; index++)
      this.#bytes[row + index] = (bytes[values + (index >> 3)]! >> (index & 7)) & 1;
  }
}

/** BIGINT out of integers of 2 or 4 bytes. */
export class IntegerColumn extends FixedColumn {
  readonly #bytes: 2 | 4;
  readonly #signed: boolean;
  readonly #words: Int32Array;

  constructor(name: string, bytes: 2 | 4, signed = true) {
    super(name, 8);
    this.#bytes = bytes;
    this.#signed = signed;
    this.#words = new Int32Array(this.values);
  }

  read({ view, starts, lengths, rows }: Fields, column: number, row: number): void {
    const words = this.#words;
    const bytes = this.#bytes;
    const signed = this.#signed;
    const first = column * CHUNK_ROWS;
    for (let index = 0; index < rows; index++) {
      const length = lengths[first + index]!;
      if (length !== bytes) {
        this.readAbsent(row + index, length);
        continue;
      }
      const start = starts[first + index]!;
      const value = bytes === 4 ? view.getInt32(start) : view.getInt16(start);
      const at = 2 * (row + index);
      words[at] = value;
      words[at + 1] = signed ? value >> 31 : 0;
    }
  }
}

/** DOUBLE out of `float64`, and what else has 8 bytes. */
export class EightByteColumn extends FixedColumn {
  protected readonly words: Int32Array;

  constructor(name: string) {
    super(name, 8);
    this.words = new Int32Array(this.values);
  }

  read({ view, starts, lengths, rows }: Fields, column: number, row: number): void {
    const words = this.words;
    const first = column * CHUNK_ROWS;
    for (let index = 0; index < rows; index++) {
      const length = lengths[first + index]!;
      if (length !== 8) {
        this.readAbsent(row + index, length);
        continue;
      }
      const start = starts[first + index]!;
      const at = 2 * (row + index);
      words[at] = view.getInt32(start + 4);
      words[at + 1] = view.getInt32(start);
    }
  }

  protected override get forms(): readonly BatchForm[] {
    return [BatchForm.eightBytes];
  }

  protected override readValues(column: BatchColumn, row: number): void {
    this.copyBatch(column, row);
  }
}

/** BIGINT out of `int64`; in a batch out of integers of any size. */
export class Int64Column extends EightByteColumn {
  protected override get forms(): readonly BatchForm[] {
    return [BatchForm.int8, BatchForm.int16, BatchForm.int32, BatchForm.eightBytes];
  }

  protected override readValues(column: BatchColumn, row: number): void {
    if (column.form === BatchForm.eightBytes) this.copyBatch(column, row);
    else this.#widen(column, row);
  }

  #widen(column: BatchColumn, row: number): void {
    const { rows } = column;
    const words = this.words;
    for (let index = 0; index < rows; index++) {
      const value = shortAt(column, index);
      const at = 2 * (row + index);
      words[at] = value;
      words[at + 1] = value >> 31;
    }
  }
}

function shortAt({ view, form, values }: BatchColumn, index: number): number {
  if (form === BatchForm.int32) return view.getInt32(values + 4 * index, true);
  return form === BatchForm.int16 ? view.getInt16(values + 2 * index, true) : view.getInt8(values + index);
}

/** 24:00:00 in microseconds, in two words. */
const DAY_HIGH = 20;
const DAY_LOW = 500_654_080;

/** TIME. */
export class TimeColumn extends EightByteColumn {
  protected override get forms(): readonly BatchForm[] {
    return [];
  }

  override read(fields: Fields, column: number, row: number): void {
    super.read(fields, column, row);
    const { lengths, rows } = fields;
    const first = column * CHUNK_ROWS;
    for (let index = 0; index < rows; index++) {
      const at = 2 * (row + index);
      const high = this.words[at + 1]!;
      if (high >= 0 && high < DAY_HIGH) continue;
      const isMidnight = high === DAY_HIGH && this.words[at]! >>> 0 <= DAY_LOW;
      if (!isMidnight && lengths[first + index]! === 8)
        throw corrupt(`a time outside of the day in column ${this.name}`);
    }
  }
}

const SIGN_BIT = 1 << 31;

/** UUID: an int128 whose first bit is turned, so that it sorts as its text does. */
export class UuidColumn extends FixedColumn {
  readonly #words: Int32Array;

  constructor(name: string) {
    super(name, 16);
    this.#words = new Int32Array(this.values);
  }

  read({ view, starts, lengths, rows }: Fields, column: number, row: number): void {
    const words = this.#words;
    const first = column * CHUNK_ROWS;
    for (let index = 0; index < rows; index++) {
      const length = lengths[first + index]!;
      if (length !== 16) {
        this.readAbsent(row + index, length);
        continue;
      }
      const start = starts[first + index]!;
      const at = 4 * (row + index);
      words[at] = view.getInt32(start + 12);
      words[at + 1] = view.getInt32(start + 8);
      words[at + 2] = view.getInt32(start + 4);
      words[at + 3] = view.getInt32(start) ^ SIGN_BIT;
    }
  }
}
