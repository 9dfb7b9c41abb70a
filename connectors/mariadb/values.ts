/**
 * Rows of the binary protocol as values: a 0, a bitmap of nulls (its first two bits unused), and the values one after the other.
 * What has no value of our type is an error that names the column: a date with a zero in it, a time beyond a day.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import type { DatabaseColumn } from '../../core/protocol/types.ts';
import { columnType, FIELD, mariadbTypeOf } from '../../language/dialects/mariadb/types.ts';
import type { Row } from '../kit/row-writer.ts';
import type { RowValue } from '../kit/value-text.ts';
import { lengthBytes, readLength } from './wire/server-messages.ts';

export const NULL_OFFSET = 2;

/** The offset at which the next value begins. */
export interface Cursor {
  at: number;
}

/** Reads the value at the cursor and moves it behind. */
export type CellReader = (bytes: Buffer, cursor: Cursor) => RowValue;

/** Returns how long the bitmap of nulls is. */
export function nullBytes(columns: number): number {
  return (columns + NULL_OFFSET + 7) >> 3;
}

export class RowReader {
  readonly #cells: readonly CellReader[];
  readonly #kept: readonly number[];
  readonly #nullBytes: number;
  readonly #cursor: Cursor = { at: 0 };

  /** `kept`: the places of the columns that a row has, in their order. */
  constructor(columns: readonly DatabaseColumn[], kept: readonly number[]) {
    this.#cells = columns.map(cellReader);
    this.#kept = kept;
    this.#nullBytes = nullBytes(columns.length);
  }

  read(bytes: Buffer, start: number): Row {
    const nulls = start + 1;
    const cursor = this.#cursor;
    cursor.at = nulls + this.#nullBytes;
    const cells = this.#cells;
    const all = new Array<RowValue>(cells.length);
    for (let index = 0; index < cells.length; index++) {
      const bit = index + NULL_OFFSET;
      const isNull = (bytes[nulls + (bit >> 3)]! & (1 << (bit & 7))) !== 0;
      all[index] = isNull ? null : cells[index]!(bytes, cursor);
    }
    return this.#kept.length === cells.length ? all : this.#kept.map((index) => all[index]!);
  }
}

export function cellReader(column: DatabaseColumn): CellReader {
  const { field, unsigned, size } = mariadbTypeOf(column.type);
  switch (field) {
    case FIELD.tiny:
      return (bytes, cursor) => (unsigned ? bytes.readUInt8(cursor.at++) : bytes.readInt8(cursor.at++));
    case FIELD.short:
    case FIELD.year:
      return fixed(2, (bytes, at) => (unsigned ? bytes.readUInt16LE(at) : bytes.readInt16LE(at)));
    case FIELD.long:
    case FIELD.int24:
      return fixed(4, (bytes, at) => (unsigned ? bytes.readUInt32LE(at) : bytes.readInt32LE(at)));
    case FIELD.longlong:
      return fixed(8, unsigned ? readUnsigned : readSigned);
    case FIELD.float:
      return fixed(4, (bytes, at) => shortest(bytes.readFloatLE(at)));
    case FIELD.double:
      return fixed(8, (bytes, at) => bytes.readDoubleLE(at));
    case FIELD.date:
    case FIELD.datetime:
    case FIELD.timestamp:
      return momentReader(column, field);
    case FIELD.time:
      return timeReader(column);
    case FIELD.bit:
      return lengthed((bytes, start, end) => bits(bytes, start, end, size));
    default:
      return otherReader(column);
  }
}

function fixed(length: number, read: (bytes: Buffer, at: number) => RowValue): CellReader {
  return (bytes, cursor) => {
    const { at } = cursor;
    cursor.at = at + length;
    return read(bytes, at);
  };
}

function lengthed(read: (bytes: Buffer, start: number, end: number) => RowValue): CellReader {
  return (bytes, cursor) => {
    const start = cursor.at + lengthBytes(bytes[cursor.at]!);
    const end = start + readLength(bytes, cursor.at);
    cursor.at = end;
    return read(bytes, start, end);
  };
}

function otherReader(column: DatabaseColumn): CellReader {
  const { kind } = columnType(column.type);
  if (kind === 'bytes') return lengthed((bytes, start, end) => Buffer.from(bytes.subarray(start, end)));
  if (kind === 'json')
    return lengthed((bytes, start, end) => checkedJson(bytes.toString('utf8', start, end), column));
  return lengthed((bytes, start, end) => bytes.toString('utf8', start, end));
}

const HIGH = 2 ** 32;
const SAFE_HIGH = 2 ** 21;

function readSigned(bytes: Buffer, at: number): RowValue {
  const high = bytes.readInt32LE(at + 4);
  return high >= -SAFE_HIGH && high < SAFE_HIGH
    ? high === -SAFE_HIGH
      ? bytes.readBigInt64LE(at)
      : high * HIGH + bytes.readUInt32LE(at)
    : bytes.readBigInt64LE(at);
}

function readUnsigned(bytes: Buffer, at: number): RowValue {
  const high = bytes.readUInt32LE(at + 4);
  return high < SAFE_HIGH ? high * HIGH + bytes.readUInt32LE(at) : bytes.readBigUInt64LE(at);
}

/** The shortest decimal that is the same float: 1.1 is 1.1, not 1.10000002384. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number.isFinite(value) ? Number(value.toPrecision(9)) : value;
}

function bits(bytes: Buffer, start: number, end: number, size: number): string {
  let text = '';
  for (let at = start; at < end; at++) text += bytes[at]!.toString(2).padStart(8, '0');
  return text.slice(text.length - size);
}

/** MariaDB lets escapes through that JSON has not. */
function checkedJson(text: string, { name }: DatabaseColumn): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    throw badValue(name, 'a text that is no JSON, though MariaDB takes it for JSON', `cast(${name} as char)`);
  }
}

const pad2 = (value: number): string => (value < 10 ? `0${value}` : String(value));
const pad4 = (value: number): string => String(value).padStart(4, '0');

/** Returns the fraction of a second with its point, without zeros at its end; '' for 0. */
function fraction(micros: number): string {
  return micros === 0 ? '' : `.${String(micros).padStart(6, '0').replace(/0+$/, '')}`;
}

function momentReader({ name }: DatabaseColumn, field: number): CellReader {
  const zone = field === FIELD.timestamp ? '+00' : '';
  const isDate = field === FIELD.date;
  return (bytes, cursor) => {
    const length = bytes[cursor.at]!;
    const at = cursor.at + 1;
    cursor.at = at + length;
    if (length === 0) throw zeroDate(name, '0000-00-00');
    const [year, month, day] = [bytes.readUInt16LE(at), bytes[at + 2]!, bytes[at + 3]!];
    const date = `${pad4(year)}-${pad2(month)}-${pad2(day)}`;
    if (year === 0 || month === 0 || day === 0 || day > daysOf(year, month)) throw zeroDate(name, date);
    if (isDate) return date;
    const clock =
      length > 4 ? `${pad2(bytes[at + 4]!)}:${pad2(bytes[at + 5]!)}:${pad2(bytes[at + 6]!)}` : '00:00:00';
    const micros = length > 7 ? bytes.readUInt32LE(at + 7) : 0;
    return `${date} ${clock}${fraction(micros)}${zone}`;
  };
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Returns the number of days of a month: with ALLOW_INVALID_DATES a table may hold the 31st of any month. */
export function daysOf(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && isLeap ? 29 : DAYS[month - 1]!;
}

function timeReader({ name }: DatabaseColumn): CellReader {
  return (bytes, cursor) => {
    const length = bytes[cursor.at]!;
    const at = cursor.at + 1;
    cursor.at = at + length;
    if (length === 0) return '00:00:00';
    const isNegative = bytes[at] === 1;
    const days = bytes.readUInt32LE(at + 1);
    const clock = `${pad2(bytes[at + 5]!)}:${pad2(bytes[at + 6]!)}:${pad2(bytes[at + 7]!)}`;
    const micros = length > 8 ? bytes.readUInt32LE(at + 8) : 0;
    if (!isNegative && days === 0) return `${clock}${fraction(micros)}`;
    const hours = days * 24 + bytes[at + 5]!;
    const shown = `${isNegative ? '-' : ''}${pad2(hours)}${clock.slice(2)}`;
    throw badValue(name, `the time ${shown}, which is no time of a day`, `time_to_sec(${name})`);
  };
}

function zeroDate(name: string, date: string): QueryError {
  return badValue(
    name,
    `the date ${date}, which there is not`,
    `nullif(${name}, '${date}'), or cast(${name} as char)`,
  );
}

function badValue(name: string, holds: string, mend: string): QueryError {
  return new QueryError('bad-value', `column ${name} holds ${holds}`, { hint: `write in the SQL: ${mend}` });
}
