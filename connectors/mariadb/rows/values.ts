/**
 * Values of a row as values of JavaScript, for types that are rare or short, and for rows that are used here: those of the
 * catalogue. What has no value of our type is an error that names the column.
 */
import type { DatabaseColumn } from '../../../core/protocol/types.ts';
import { columnType, FIELD, mariadbTypeOf, nativeType } from '../../../language/dialects/mariadb/types.ts';
import type { Row } from '../../kit/row-writer.ts';
import type { RowValue } from '../../kit/value-text.ts';
import { badJson } from './bad-values.ts';
import { firstValue, isNullAt, textEnd, textStart, type ValueEnd, valueEnd } from './fields.ts';

/** Reads the value that begins at `at`; never called for null. */
export type ValueReader = (bytes: Buffer, at: number) => RowValue;

/** Reads rows of numbers and texts. */
export class RowReader {
  readonly #values: readonly ValueReader[];
  readonly #ends: readonly ValueEnd[];

  constructor(columns: readonly DatabaseColumn[]) {
    this.#values = columns.map(valueReader);
    this.#ends = columns.map(valueEnd);
  }

  read(bytes: Buffer, start: number): Row {
    let at = firstValue(start, this.#values.length);
    return this.#values.map((read, index) => {
      if (isNullAt(bytes, start, index)) return null;
      const value = read(bytes, at);
      at = this.#ends[index]!(bytes, at);
      return value;
    });
  }
}

/** Returns a reader of a column that is no moment. */
export function valueReader(column: DatabaseColumn): ValueReader {
  const { field, unsigned, size, format } = mariadbTypeOf(column.type);
  if (format === 'bool') {
    const read = valueReader({ ...column, type: nativeType({ field, unsigned }) });
    return (bytes, at) => Number(read(bytes, at)) !== 0;
  }
  switch (field) {
    case FIELD.tiny:
      return (bytes, at) => (unsigned ? bytes[at]! : bytes.readInt8(at));
    case FIELD.short:
    case FIELD.year:
      return (bytes, at) => (unsigned ? bytes.readUInt16LE(at) : bytes.readInt16LE(at));
    case FIELD.long:
    case FIELD.int24:
      return (bytes, at) => (unsigned ? bytes.readUInt32LE(at) : bytes.readInt32LE(at));
    case FIELD.longlong:
      return unsigned ? readUnsigned : readSigned;
    case FIELD.float:
      return (bytes, at) => shortest(bytes.readFloatLE(at));
    case FIELD.double:
      return (bytes, at) => bytes.readDoubleLE(at);
    case FIELD.bit:
      return (bytes, at) => bits(bytes, textStart(bytes, at), textEnd(bytes, at), size);
    default:
      return lengthedReader(column);
  }
}

function lengthedReader({ name, type }: DatabaseColumn): ValueReader {
  const { kind } = columnType(type);
  if (kind === 'bytes') return (bytes, at) => bytes.subarray(textStart(bytes, at), textEnd(bytes, at));
  if (kind === 'json') return (bytes, at) => checkedJson(textAt(bytes, at), name);
  return textAt;
}

function textAt(bytes: Buffer, at: number): string {
  return bytes.toString('utf8', textStart(bytes, at), textEnd(bytes, at));
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
function checkedJson(text: string, name: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    throw badJson(name);
  }
}
