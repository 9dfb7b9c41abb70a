/**
 * One value of a row as it stands in an answer: integers, decimals, moments and texts go from the packet into JSON or CSV
 * without a step between; what is rare goes by way of its text and the encoders of the kit.
 */

import type { DatabaseColumn } from '../../../core/protocol/types.ts';
import { columnType, FIELD, mariadbTypeOf } from '../../../language/dialects/mariadb/types.ts';
import type { ByteWriter } from '../../kit/encode/byte-writer.ts';
import { csvEncoder, jsonEncoder } from '../../kit/encode/cell-encoders.ts';
import type { CellEncoder } from '../../kit/encode/json-cells.ts';
import type { TextAnswer } from '../../kit/encode/row-encoder.ts';
import { floatText, valueText } from '../../kit/value-text.ts';
import { textEnd, textStart, valueEnd } from './fields.ts';
import { checkDate, checkTime, DATETIME_CLOCK, microsOf, TIME_CLOCK } from './moments.ts';
import type { RowCell } from './row-cells.ts';
import { valueReader } from './values.ts';

const [QUOTE, DASH, DOT, COLON, ZERO, UPPER_T, UPPER_Z] = [34, 45, 46, 58, 48, 84, 90];
/** The most bytes of a number or a moment. */
const SHORT = 40;

export function answerCell(column: DatabaseColumn, { format, numbers }: TextAnswer): RowCell {
  const { name, type } = column;
  const { field, unsigned, format: form } = mariadbTypeOf(type);
  const isCsv = format === 'csv';
  const ours = columnType(type);
  const encode = isCsv ? csvEncoder(ours) : jsonEncoder(ours, numbers);
  const inQuotes = (cell: RowCell, wanted: boolean): RowCell => (wanted ? quoted(cell) : cell);
  if (form === 'bool') return byText(column, encode);
  switch (field) {
    case FIELD.tiny:
    case FIELD.short:
    case FIELD.year:
    case FIELD.long:
    case FIELD.int24:
      return inQuotes(integerCell(column), !isCsv && numbers === 'string');
    case FIELD.longlong:
      return unsigned ? byText(column, encode) : inQuotes(bigintCell(column), !isCsv && numbers === 'string');
    case FIELD.double:
      return double;
    case FIELD.date:
      return inQuotes(dateCell(name), !isCsv);
    case FIELD.datetime:
    case FIELD.timestamp:
      return inQuotes(datetimeCell(name, field === FIELD.timestamp), !isCsv);
    case FIELD.time:
      return inQuotes(timeCell(name), !isCsv);
    default:
      return isSentAsText(column) ? encoded(encode) : byText(column, encode);
  }
}

/** Says whether the text that encoders read is what arrives. */
function isSentAsText({ type }: DatabaseColumn): boolean {
  const { field } = mariadbTypeOf(type);
  const { kind } = columnType(type);
  if (field === FIELD.bit) return false;
  return kind === 'string' || kind === 'uuid' || field === FIELD.decimal;
}

function encoded(encode: CellEncoder): RowCell {
  return (writer, bytes, at) => {
    const end = textEnd(bytes, at);
    encode(writer, bytes, textStart(bytes, at), end);
    return end;
  };
}

function byText(column: DatabaseColumn, encode: CellEncoder): RowCell {
  const read = valueReader(column);
  const end = valueEnd(column);
  const textOf = valueText(columnType(column.type));
  return (writer, bytes, at) => {
    const text = Buffer.from(textOf(read(bytes, at)));
    encode(writer, text, 0, text.length);
    return end(bytes, at);
  };
}

function quoted(cell: RowCell): RowCell {
  return (writer, bytes, at) => {
    writer.reserve(SHORT + 2);
    writer.buffer[writer.position++] = QUOTE;
    const end = cell(writer, bytes, at);
    writer.buffer[writer.position++] = QUOTE;
    return end;
  };
}

const double: RowCell = (writer, bytes, at) => {
  ascii(writer, floatText(bytes.readDoubleLE(at)));
  return at + 8;
};

function integerCell(column: DatabaseColumn): RowCell {
  const { field, unsigned } = mariadbTypeOf(column.type);
  if (field === FIELD.tiny)
    return (writer, bytes, at) => {
      const byte = bytes[at]!;
      return integer(writer, unsigned ? byte : (byte << 24) >> 24, at + 1);
    };
  if (field === FIELD.short || field === FIELD.year)
    return (writer, bytes, at) => {
      const word = bytes[at]! | (bytes[at + 1]! << 8);
      return integer(writer, unsigned ? word : (word << 16) >> 16, at + 2);
    };
  return (writer, bytes, at) => {
    const long = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    return integer(writer, unsigned ? long >>> 0 : long, at + 4);
  };
}

function bigintCell(column: DatabaseColumn): RowCell {
  const read = valueReader(column);
  return (writer, bytes, at) => {
    const high = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
    if (high !== 0) {
      ascii(writer, String(read(bytes, at)));
      return at + 8;
    }
    const low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    return integer(writer, low >>> 0, at + 8);
  };
}

function dateCell(name: string): RowCell {
  return (writer, bytes, at) => {
    date(writer, bytes, at, name);
    return at + 1 + bytes[at]!;
  };
}

function datetimeCell(name: string, isInstant: boolean): RowCell {
  return (writer, bytes, at) => {
    date(writer, bytes, at, name);
    writer.buffer[writer.position++] = UPPER_T;
    clock(writer, bytes, at, DATETIME_CLOCK);
    if (isInstant) writer.buffer[writer.position++] = UPPER_Z;
    return at + 1 + bytes[at]!;
  };
}

function timeCell(name: string): RowCell {
  return (writer, bytes, at) => {
    checkTime(bytes, at, name);
    writer.reserve(SHORT);
    clock(writer, bytes, at, TIME_CLOCK);
    return at + 1 + bytes[at]!;
  };
}

/** Makes room for the whole moment. */
function date(writer: ByteWriter, bytes: Buffer, at: number, name: string): void {
  checkDate(bytes, at, name);
  writer.reserve(SHORT);
  const year = bytes[at + 1]! | (bytes[at + 2]! << 8);
  const century = (year / 100) | 0;
  pair(writer, century);
  pair(writer, year - 100 * century);
  writer.buffer[writer.position++] = DASH;
  pair(writer, bytes[at + 3]!);
  writer.buffer[writer.position++] = DASH;
  pair(writer, bytes[at + 4]!);
}

/** Hours, minutes, seconds, and microseconds without zeros at their end. */
function clock(writer: ByteWriter, bytes: Buffer, at: number, before: number): void {
  const isThere = bytes[at]! > before;
  const first = at + 1 + before;
  pair(writer, isThere ? bytes[first]! : 0);
  writer.buffer[writer.position++] = COLON;
  pair(writer, isThere ? bytes[first + 1]! : 0);
  writer.buffer[writer.position++] = COLON;
  pair(writer, isThere ? bytes[first + 2]! : 0);
  let micros = microsOf(bytes, at, before);
  if (micros === 0) return;
  writer.buffer[writer.position++] = DOT;
  for (let unit = 100_000; micros > 0; unit = (unit / 10) | 0) {
    const digit = (micros / unit) | 0;
    writer.buffer[writer.position++] = ZERO + digit;
    micros -= digit * unit;
  }
}

/** Two digits. */
function pair(writer: ByteWriter, value: number): void {
  const tens = (value / 10) | 0;
  const out = writer.buffer;
  out[writer.position++] = ZERO + tens;
  out[writer.position++] = ZERO + value - 10 * tens;
}

/** A whole number of 32 bits, with or without a sign. Returns `end`. */
function integer(writer: ByteWriter, value: number, end: number): number {
  writer.reserve(SHORT);
  const out = writer.buffer;
  let rest = value;
  if (rest < 0) {
    out[writer.position++] = DASH;
    rest = -rest;
  }
  let digits = 1;
  for (let limit = 10; rest >= limit; limit *= 10) digits++;
  const first = writer.position;
  let at = first + digits;
  writer.position = at;
  while (at > first) {
    const tenth = Math.floor(rest / 10);
    out[--at] = ZERO + rest - 10 * tenth;
    rest = tenth;
  }
  return end;
}

/** A text of ASCII. */
function ascii(writer: ByteWriter, text: string): void {
  writer.reserve(text.length);
  const out = writer.buffer;
  let position = writer.position;
  for (let index = 0; index < text.length; index++) out[position++] = text.charCodeAt(index);
  writer.position = position;
}
