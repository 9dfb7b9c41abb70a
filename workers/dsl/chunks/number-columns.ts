/** Booleans, integers, floats, times and uuids: the bytes of the wire, turned around. */
import { FixedColumn } from './column.ts';
import { CHUNK_ROWS, type Fields } from './fields.ts';
import { corrupt } from './row-reader.ts';

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

/** BIGINT out of `int64`, DOUBLE out of `float64`: all 8 bytes. */
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
}

/** 24:00:00 in microseconds, in two words. */
const DAY_HIGH = 20;
const DAY_LOW = 500_654_080;

/** TIME. */
export class TimeColumn extends EightByteColumn {
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
