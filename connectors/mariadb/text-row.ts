/**
 * Rows of the binary protocol in the row format that encoders read (kit/encode/row-encoder.ts): u16 count, then i32 length (-1:
 * null) and text of each value, without a value of JavaScript's where that can be. What is rare goes by way of one (values.ts).
 */
import type { DatabaseColumn } from '../../core/protocol/types.ts';
import { columnType, FIELD, mariadbTypeOf } from '../../language/dialects/mariadb/types.ts';
import { valueText } from '../kit/value-text.ts';
import { type CellReader, type Cursor, cellReader, daysOf, NULL_OFFSET, nullBytes } from './values.ts';
import { lengthBytes, readLength } from './wire/server-messages.ts';

const FIRST_BYTES = 16 * 1024;
/** The number of bytes that no value but a text or bytes exceeds. */
const SHORT = 64;
const ZERO = 48;
const [DASH, COLON, DOT, SPACE, PLUS] = [45, 58, 46, 32, 43];

/** Writes the value at the cursor, behind the four bytes that its length gets, and moves the cursor behind it. */
type CellWriter = (row: TextRow, bytes: Buffer, cursor: Cursor) => void;

export class TextRow {
  readonly #cells: readonly CellWriter[];
  readonly #nullBytes: number;
  readonly #cursor: Cursor = { at: 0 };
  #buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #end = 0;

  constructor(columns: readonly DatabaseColumn[]) {
    this.#cells = columns.map(cellWriter);
    this.#nullBytes = nullBytes(columns.length);
  }

  /** The row's bytes, good until the next one. */
  get bytes(): Buffer {
    return this.#buffer;
  }

  /** Writes the row that begins at `start` and returns where it ends. */
  write(bytes: Buffer, start: number): number {
    const cells = this.#cells;
    const cursor = this.#cursor;
    cursor.at = start + 1 + this.#nullBytes;
    this.#buffer.writeUInt16BE(cells.length, 0);
    this.#end = 2;
    for (let index = 0; index < cells.length; index++) {
      const bit = index + NULL_OFFSET;
      const isNull = (bytes[start + 1 + (bit >> 3)]! & (1 << (bit & 7))) !== 0;
      const before = this.#end;
      this.reserve(SHORT);
      this.#end = before + 4;
      if (!isNull) cells[index]!(this, bytes, cursor);
      this.#length(before, isNull ? -1 : this.#end - before - 4);
    }
    return this.#end;
  }

  reserve(bytes: number): void {
    if (this.#end + 4 + bytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(2 * this.#buffer.length, this.#end + 4 + bytes));
    this.#buffer.copy(grown, 0, 0, this.#end);
    this.#buffer = grown;
  }

  byte(value: number): void {
    this.#buffer[this.#end++] = value;
  }

  /** Two digits. */
  pair(value: number): void {
    const tens = (value / 10) | 0;
    this.byte(ZERO + tens);
    this.byte(ZERO + value - 10 * tens);
  }

  /** A whole number of 32 bits, with or without a sign. */
  integer(value: number): void {
    let rest = value;
    if (rest < 0) {
      this.byte(DASH);
      rest = -rest;
    }
    let digits = 1;
    for (let limit = 10; rest >= limit; limit *= 10) digits++;
    for (let at = this.#end + digits - 1; at >= this.#end; at--) {
      const tenth = Math.floor(rest / 10);
      this.#buffer[at] = ZERO + rest - 10 * tenth;
      rest = tenth;
    }
    this.#end += digits;
  }

  /** A text of ASCII. */
  ascii(text: string): void {
    this.reserve(text.length);
    for (let index = 0; index < text.length; index++) this.byte(text.charCodeAt(index));
  }

  text(text: string): void {
    this.reserve(text.length * 3);
    this.#end += this.#buffer.write(text, this.#end, 'utf8');
  }

  copy(bytes: Buffer, start: number, end: number): void {
    this.reserve(end - start);
    const out = this.#buffer;
    let at = this.#end;
    // A call into the runtime costs as much as some forty bytes do here.
    if (end - start > 40) bytes.copy(out, at, start, end);
    else for (let index = start; index < end; index++) out[at++] = bytes[index]!;
    this.#end += end - start;
  }

  #length(at: number, length: number): void {
    const out = this.#buffer;
    out[at] = length >> 24;
    out[at + 1] = length >> 16;
    out[at + 2] = length >> 8;
    out[at + 3] = length;
  }
}

function cellWriter(column: DatabaseColumn): CellWriter {
  const { field, unsigned } = mariadbTypeOf(column.type);
  const read = cellReader(column);
  switch (field) {
    case FIELD.tiny:
    case FIELD.short:
    case FIELD.year:
    case FIELD.long:
    case FIELD.int24:
      return (row, bytes, cursor) => row.integer(read(bytes, cursor) as number); // the readers of these types give numbers
    case FIELD.longlong:
      return unsigned ? byValue(column, read) : longWriter(read);
    case FIELD.date:
    case FIELD.datetime:
    case FIELD.timestamp:
      return momentWriter(field, read);
    default:
      return copiesText(column) ? copyText : byValue(column, read);
  }
}

/** Strings, decimals, uuids: what arrives is the text. */
function copiesText({ type }: DatabaseColumn): boolean {
  const { field } = mariadbTypeOf(type);
  const { kind } = columnType(type);
  if (field === FIELD.bit) return false;
  return kind === 'string' || kind === 'uuid' || field === FIELD.decimal;
}

function copyText(row: TextRow, bytes: Buffer, cursor: Cursor): void {
  const start = cursor.at + lengthBytes(bytes[cursor.at]!);
  const end = start + readLength(bytes, cursor.at);
  cursor.at = end;
  row.copy(bytes, start, end);
}

function byValue({ type }: DatabaseColumn, read: CellReader): CellWriter {
  const ours = columnType(type);
  const textOf = valueText(ours);
  if (ours.kind === 'string' || ours.kind === 'json')
    return (row, bytes, cursor) => row.text(textOf(read(bytes, cursor)));
  return (row, bytes, cursor) => row.ascii(textOf(read(bytes, cursor)));
}

function longWriter(read: CellReader): CellWriter {
  return (row, bytes, cursor) => {
    const high = bytes.readInt32LE(cursor.at + 4);
    if (high !== 0) return row.ascii(String(read(bytes, cursor)));
    row.integer(bytes.readUInt32LE(cursor.at));
    cursor.at += 8;
  };
}

/** A moment that there is; the reader says what is wrong with others. */
function momentWriter(field: number, read: CellReader): CellWriter {
  const isDate = field === FIELD.date;
  const isInstant = field === FIELD.timestamp;
  return (row, bytes, cursor) => {
    const length = bytes[cursor.at]!;
    const at = cursor.at + 1;
    const year = length === 0 ? 0 : bytes.readUInt16LE(at);
    const [month, day] = [bytes[at + 2]!, bytes[at + 3]!];
    if (year === 0 || month === 0 || day === 0 || day > daysOf(year, month)) return void read(bytes, cursor);
    cursor.at = at + length;
    row.pair((year / 100) | 0);
    row.pair(year % 100);
    row.byte(DASH);
    row.pair(month);
    row.byte(DASH);
    row.pair(day);
    if (isDate) return;
    row.byte(SPACE);
    clock(row, bytes, at + 4, length - 4);
    if (!isInstant) return;
    row.byte(PLUS);
    row.pair(0);
  };
}

/** Hours, minutes, seconds, and microseconds without zeros at their end. */
function clock(row: TextRow, bytes: Buffer, at: number, length: number): void {
  const isThere = length > 0;
  for (let part = 0; part < 3; part++) {
    if (part > 0) row.byte(COLON);
    row.pair(isThere ? bytes[at + part]! : 0);
  }
  let micros = length > 3 ? bytes.readUInt32LE(at + 3) : 0;
  if (micros === 0) return;
  row.byte(DOT);
  for (let unit = 100_000; micros > 0; unit /= 10) {
    const digit = Math.floor(micros / unit);
    row.byte(ZERO + digit);
    micros -= digit * unit;
  }
}
