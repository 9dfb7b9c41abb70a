/**
 * One value of a row as a field of the wire (core/protocol/wire-rows.ts), its length before it, in the form that `usualWireType`
 * names for the column's type.
 */
import type { DatabaseColumn } from '../../../core/protocol/types.ts';
import { columnOf, columnType, FIELD, mariadbTypeOf } from '../../../language/dialects/mariadb/types.ts';
import type { ByteWriter } from '../../kit/encode/byte-writer.ts';
import { wireCell as valueCell } from '../../kit/wire-cells.ts';
import { textEnd, textStart, valueEnd } from './fields.ts';
import { checkDate, checkTime, DATETIME_CLOCK, daysOf, microsOf, secondsOf, TIME_CLOCK } from './moments.ts';
import type { RowCell } from './row-cells.ts';
import { valueReader } from './values.ts';
import { writeDecimalText } from './wire-decimal.ts';

export function wireCell(column: DatabaseColumn): RowCell {
  const { name, type } = column;
  const { field, unsigned, format } = mariadbTypeOf(type);
  if (format === 'bool') return byValue(column);
  switch (field) {
    case FIELD.tiny:
      return (writer, bytes, at) => {
        const byte = bytes[at]!;
        return int32AsInt64(writer, unsigned ? byte : (byte << 24) >> 24, at + 1);
      };
    case FIELD.short:
    case FIELD.year:
      return (writer, bytes, at) => {
        const word = bytes[at]! | (bytes[at + 1]! << 8);
        return int32AsInt64(writer, unsigned ? word : (word << 16) >> 16, at + 2);
      };
    case FIELD.long:
    case FIELD.int24:
      return unsigned ? unsignedLong : signedLong;
    case FIELD.longlong:
      return unsigned ? byValue(column) : reversed;
    case FIELD.double:
      return reversed;
    case FIELD.date:
      return (writer, bytes, at) => {
        checkDate(bytes, at, name);
        const out = beginField(writer, 4);
        int32(writer.buffer, out, daysOf(bytes, at));
        return at + 1 + bytes[at]!;
      };
    case FIELD.datetime:
    case FIELD.timestamp:
      return (writer, bytes, at) => {
        checkDate(bytes, at, name);
        const seconds = daysOf(bytes, at) * 86_400 + secondsOf(bytes, at, DATETIME_CLOCK);
        microseconds(writer, seconds, microsOf(bytes, at, DATETIME_CLOCK));
        return at + 1 + bytes[at]!;
      };
    case FIELD.time:
      return (writer, bytes, at) => {
        checkTime(bytes, at, name);
        microseconds(writer, secondsOf(bytes, at, TIME_CLOCK), microsOf(bytes, at, TIME_CLOCK));
        return at + 1 + bytes[at]!;
      };
    case FIELD.decimal:
      return decimal;
    default:
      return isCopied(column) ? text : byValue(column);
  }
}

/** Texts and bytes that leave as they arrive. */
function isCopied({ type }: DatabaseColumn): boolean {
  const { kind } = columnType(type);
  return mariadbTypeOf(type).field !== FIELD.bit && (kind === 'string' || kind === 'bytes');
}

/** Types that are rare, or whose values need a look as a whole. */
function byValue(column: DatabaseColumn): RowCell {
  const read = valueReader(column);
  const end = valueEnd(column);
  const write = valueCell(columnOf(column));
  return (writer, bytes, at) => {
    const value = read(bytes, at);
    if (value === null) throw new Error(`a reader of the column ${column.name} gave null`);
    write(writer, value);
    return end(bytes, at);
  };
}

const text: RowCell = (writer, bytes, at) => {
  const start = textStart(bytes, at);
  const end = textEnd(bytes, at);
  writer.reserve(4);
  int32(writer.buffer, writer.position, end - start);
  writer.position += 4;
  writer.copy(bytes, start, end);
  return end;
};

const decimal: RowCell = (writer, bytes, at) => {
  const end = textEnd(bytes, at);
  writeDecimalText(writer, bytes, textStart(bytes, at), end);
  return end;
};

const signedLong: RowCell = (writer, bytes, at) =>
  int32AsInt64(
    writer,
    bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24),
    at + 4,
  );

const unsignedLong: RowCell = (writer, bytes, at) => {
  const out = beginField(writer, 8);
  int32(writer.buffer, out, 0);
  reverse(writer.buffer, out + 4, bytes, at, 4);
  return at + 4;
};

/** Eight bytes, the last one first. */
const reversed: RowCell = (writer, bytes, at) => {
  const out = beginField(writer, 8);
  reverse(writer.buffer, out, bytes, at, 8);
  return at + 8;
};

function int32AsInt64(writer: ByteWriter, value: number, end: number): number {
  const out = beginField(writer, 8);
  int32(writer.buffer, out, value >> 31);
  int32(writer.buffer, out + 4, value);
  return end;
}

const HALF = 2 ** 16;

/** Writes seconds and microseconds as microseconds of 64 bits, which a number does not hold for years far from 2000. */
function microseconds(writer: ByteWriter, seconds: number, micros: number): void {
  const out = beginField(writer, 8);
  const upper = Math.floor(seconds / HALF);
  const lower = (seconds - upper * HALF) * 1e6 + micros;
  const carry = Math.floor(lower / HALF);
  const middle = upper * 1e6 + carry; // in units of 2^16
  const high = Math.floor(middle / HALF);
  int32(writer.buffer, out, high);
  int32(writer.buffer, out + 4, (middle - high * HALF) * HALF + (lower - carry * HALF));
}

/** Writes the length of a field, makes room for it, and returns where it begins. */
function beginField(writer: ByteWriter, length: number): number {
  writer.reserve(4 + length);
  const at = writer.position;
  int32(writer.buffer, at, length);
  writer.position = at + 4 + length;
  return at + 4;
}

function int32(out: Buffer, at: number, value: number): void {
  out[at] = value >> 24;
  out[at + 1] = value >> 16;
  out[at + 2] = value >> 8;
  out[at + 3] = value;
}

function reverse(out: Buffer, at: number, bytes: Buffer, start: number, length: number): void {
  for (let index = 0; index < length; index++) out[at + index] = bytes[start + length - 1 - index]!;
}
