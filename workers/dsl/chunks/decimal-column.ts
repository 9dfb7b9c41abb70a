/**
 * DECIMAL out of digits to the base 10,000. Up to 15 digits are summed up in one double, which is exact there; more of
 * them in four words of 32 bits. There is no BigInt, which would be an object for each value.
 *
 * A declared `numeric(p,s)` has no more digits than its column. One without a size becomes DECIMAL(38,18): digits past the
 * 18th of a fraction are rounded, half away from zero, and more than 20 before the point are an error, as NaN and
 * the infinities are.
 */
import { BatchForm } from '../../../core/protocol/wire-rows.ts';
import { type BatchColumn, isThere } from './batch.ts';
import { FixedColumn } from './column.ts';
import { corrupt } from './corrupt.ts';
import { numericText } from './decimal-text.ts';
import { CHUNK_ROWS, type Fields } from './fields.ts';
import { invalidValue } from './invalid-value.ts';

const HEAD_BYTES = 8;
const POSITIVE = 0;
const NEGATIVE = 0x4000;
const BASE = 10_000;
const WORD = 2 ** 32;
/** The largest number of digits that are exact in a double. */
const DOUBLE_DIGITS = 15;
const POWERS = [1, 10, 100, 1000, BASE] as const;

const HINT =
  'a numeric without a size has 20 digits before the point in stages, and no NaN; cast it in the SQL: `x::float8`, `x::numeric(38,4)`';

export class DecimalColumn extends FixedColumn {
  readonly #precision: number;
  readonly #scale: number;
  readonly #bytes: 2 | 4 | 8 | 16;
  readonly #shorts: Int16Array;
  /** The values as words; not for values of two bytes. */
  readonly #words: Int32Array;
  /** The value that is being read, without its sign; the least word first. */
  readonly #sum = new Uint32Array(4);
  /** 10 ** precision. */
  readonly #limit = new Uint32Array(4);

  constructor(name: string, precision: number, scale: number) {
    const bytes = decimalBytes(precision);
    super(name, bytes);
    this.#precision = precision;
    this.#scale = scale;
    this.#bytes = bytes;
    this.#shorts = new Int16Array(this.values);
    this.#words = new Int32Array(this.values);
    this.#sum[0] = 1;
    for (let digit = 0; digit < precision; digit++) this.#shift(10, 0);
    this.#limit.set(this.#sum);
  }

  read({ view, starts, lengths, rows }: Fields, column: number, row: number): void {
    const first = column * CHUNK_ROWS;
    for (let index = 0; index < rows; index++) {
      const length = lengths[first + index]!;
      if (length < HEAD_BYTES) {
        this.readAbsent(row + index, length);
        continue;
      }
      const start = starts[first + index]!;
      if (length !== HEAD_BYTES + 2 * view.getInt16(start)) this.readAbsent(row + index, length);
      this.#readValue(view, start, row + index);
    }
  }

  protected override get forms(): readonly BatchForm[] {
    return [BatchForm.int128];
  }

  protected override readValues(column: BatchColumn, row: number): void {
    if (this.#bytes === 16) this.copyBatch(column, row);
    else for (let index = 0; index < column.rows; index++) this.#readShort(column, index, row + index);
  }

  /** Takes the lower part of a number of 128 bits; the upper part must be its sign. */
  #readShort(column: BatchColumn, index: number, row: number): void {
    const { view, values } = column;
    const at = values + 16 * index;
    const low = view.getInt32(at, true);
    const high = view.getInt32(at + 4, true);
    const sign = (this.#bytes === 8 ? high : low) >> 31;
    const isWide =
      (this.#bytes < 8 && high !== sign) ||
      view.getInt32(at + 8, true) !== sign ||
      view.getInt32(at + 12, true) !== sign;
    if (isWide && isThere(column, index))
      throw corrupt(`a decimal of too many digits in column ${this.name}`);
    if (this.#bytes === 2) this.#shorts[row] = low;
    else if (this.#bytes === 4) this.#words[row] = low;
    else {
      this.#words[2 * row] = low;
      this.#words[2 * row + 1] = high;
    }
  }

  #readValue(view: DataView, start: number, row: number): void {
    const sign = view.getUint16(start + 4);
    if (sign !== POSITIVE && sign !== NEGATIVE) throw this.#invalid(view, start);
    const weight = view.getInt16(start + 2);
    if (4 * (weight + 1) + this.#scale <= DOUBLE_DIGITS)
      this.#store(this.#sumAsDouble(view, start, weight) * (sign === POSITIVE ? 1 : -1), row);
    else {
      this.#checkSize(view, start, weight);
      this.#sumAsWords(view, start, weight);
      this.#storeWords(sign === NEGATIVE, row);
    }
  }

  #sumAsDouble(view: DataView, start: number, weight: number): number {
    const count = view.getInt16(start);
    const scale = this.#scale;
    let sum = 0;
    let left = 4 * (weight + 1) + scale;
    // Groups before the first digit are zeros: without them `left` is what it takes to have all.
    for (let index = 0; left >= 4; index++, left -= 4) sum = sum * BASE + digitAt(view, start, count, index);
    const behind = this.#groupsBefore(weight);
    if (left < 0) return 0;
    const digit = digitAt(view, start, count, behind);
    const cut = POWERS[4 - left]!;
    sum = sum * POWERS[left]! + Math.floor(digit / cut);
    return 2 * (digit % cut) >= cut ? sum + 1 : sum;
  }

  #groupsBefore(weight: number): number {
    return Math.floor((4 * (weight + 1) + this.#scale) / 4);
  }

  #sumAsWords(view: DataView, start: number, weight: number): void {
    const count = view.getInt16(start);
    const groups = this.#groupsBefore(weight);
    const left = (4 * (weight + 1) + this.#scale) % 4;
    this.#sum.fill(0);
    for (let index = 0; index < groups; index++) this.#shift(BASE, digitAt(view, start, count, index));
    const digit = digitAt(view, start, count, groups);
    const cut = POWERS[4 - left]!;
    this.#shift(POWERS[left]!, Math.floor(digit / cut));
    if (2 * (digit % cut) < cut) return;
    this.#shift(1, 1);
    if (this.#sum.every((word, index) => word === this.#limit[index])) throw this.#invalid(view, start);
  }

  /** sum = sum * factor + add, where factor is at most BASE: no step leaves what a double holds exactly. */
  #shift(factor: number, add: number): void {
    const sum = this.#sum;
    let carry = add;
    for (let word = 0; word < 4; word++) {
      const next = sum[word]! * factor + carry;
      sum[word] = next;
      carry = Math.floor(next / WORD);
    }
  }

  /** Throws when there are more digits before the point than the column has; without them the sum fits its four words. */
  #checkSize(view: DataView, start: number, weight: number): void {
    const count = view.getInt16(start);
    for (let index = 0; index < count; index++) {
      const digit = digitAt(view, start, count, index);
      if (digit === 0) continue;
      const digits = 4 * (weight - index) + String(digit).length;
      if (digits > this.#precision - this.#scale) throw this.#invalid(view, start);
      return;
    }
  }

  #store(value: number, row: number): void {
    switch (this.#bytes) {
      case 2:
        this.#shorts[row] = value;
        return;
      case 4:
        this.#words[row] = value;
        return;
      default: {
        const high = Math.floor(value / WORD);
        const at = (this.#bytes / 4) * row;
        this.#words[at] = value - high * WORD;
        this.#words[at + 1] = high;
        if (this.#bytes === 8) return;
        this.#words[at + 2] = value < 0 ? -1 : 0;
        this.#words[at + 3] = value < 0 ? -1 : 0;
      }
    }
  }

  #storeWords(isNegative: boolean, row: number): void {
    const sum = this.#sum;
    if (isNegative) negate(sum);
    if (this.#bytes === 2) this.#shorts[row] = sum[0]!;
    const words = this.#bytes >> 2;
    for (let word = 0; word < words; word++) this.#words[words * row + word] = sum[word]!;
  }

  #invalid(view: DataView, start: number): Error {
    return invalidValue(this.name, numericText(view, start), 'decimal', HINT);
  }
}

/** Returns the number of bytes in which DuckDB keeps a DECIMAL of this precision. */
function decimalBytes(precision: number): 2 | 4 | 8 | 16 {
  if (precision <= 4) return 2;
  if (precision <= 9) return 4;
  return precision <= 18 ? 8 : 16;
}

function digitAt(view: DataView, start: number, count: number, index: number): number {
  if (index < 0 || index >= count) return 0;
  const digit = view.getUint16(start + HEAD_BYTES + 2 * index);
  if (digit >= BASE) throw corrupt(`a digit of ${digit} to the base ${BASE}`);
  return digit;
}

/** Two's complement. */
function negate(words: Uint32Array): void {
  let carry = 1;
  for (let word = 0; word < words.length; word++) {
    const next = (~words[word]! >>> 0) + carry;
    words[word] = next;
    carry = next >= WORD ? 1 : 0;
  }
}
