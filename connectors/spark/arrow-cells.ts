/**
 * Values in the memory of an Arrow column as fields of the wire (core/protocol/wire-rows.ts), in the form that `usualWireType` names
 * for the column's type. The bytes are copied and turned around; only rare types become JavaScript values on the way.
 */
import { type Data, DataType, Precision, TimeUnit } from 'apache-arrow';
import type { DatabaseColumn } from '../../core/protocol/types.ts';
import {
  columnOf,
  type SparkType,
  type SparkTypeName,
  sparkTypeOf,
} from '../../language/dialects/spark/types.ts';
import type { ByteWriter } from '../kit/encode/byte-writer.ts';
import { stalePlan } from '../kit/stale-plan.ts';
import { wireCell } from '../kit/wire-cells.ts';
import { writeDecimalWords } from './arrow-decimal.ts';
import { beyond, FIRST_DAY, LAST_DAY, shortestFloat } from './arrow-values.ts';

/** Writes the value of a row, which is not null. */
export type ArrowCell = (writer: ByteWriter, row: number) => void;

/** Days from 1970 to 2000, from which the wire counts. */
const DAYS_TO_2000 = 10_957;

/** Says whether Arrow's memory has the form that the cell of such a column reads. */
const FORMS: Readonly<Partial<Record<SparkTypeName, (type: DataType) => boolean>>> = {
  boolean: DataType.isBool,
  byte: (type) => DataType.isInt(type) && type.bitWidth === 8,
  short: (type) => DataType.isInt(type) && type.bitWidth === 16,
  integer: (type) => DataType.isInt(type) && type.bitWidth === 32,
  long: (type) => DataType.isInt(type) && type.bitWidth === 64,
  float: (type) => DataType.isFloat(type) && type.precision === Precision.SINGLE,
  double: (type) => DataType.isFloat(type) && type.precision === Precision.DOUBLE,
  decimal: (type) => DataType.isDecimal(type) && type.bitWidth === 128,
  string: DataType.isUtf8,
  binary: DataType.isBinary,
  date: (type) => DataType.isDate(type) && type.unit === 0,
  timestamp: isMicroseconds,
  timestamp_ntz: isMicroseconds,
};

function isMicroseconds(type: DataType): boolean {
  return DataType.isTimestamp(type) && type.unit === TimeUnit.MICROSECOND;
}

/** Throws stale-plan when Arrow's column has another type than was described. */
export function checkForm(type: SparkType, found: DataType): void {
  const isFit = FORMS[type.name] ?? (() => true);
  if (type.name === 'decimal' && DataType.isDecimal(found) && found.scale !== type.scale)
    throw stalePlan('the columns');
  if (!isFit(found)) throw stalePlan('the columns');
}

/** `read` returns the value of a row as connectors give it, for types that are written from values. */
export function arrowCell(column: DatabaseColumn, data: Data, read: (row: number) => unknown): ArrowCell {
  const type = sparkTypeOf(column.type);
  switch (type.name) {
    case 'boolean':
      return booleans(data);
    case 'byte':
    case 'short':
    case 'integer':
      return integers(data.values as Int32Array);
    case 'long':
    case 'double':
      return eightBytes(data.values as BigInt64Array | Float64Array);
    case 'float':
      return floats(data.values as Float32Array);
    case 'decimal':
      return decimals(data.values as Uint32Array, type.scale);
    case 'date':
      return dates(data.values as Int32Array, column.name);
    case 'timestamp':
    case 'timestamp_ntz':
      return moments(data.values as BigInt64Array, column.name);
    case 'string':
    case 'binary':
      return texts(data);
    default:
      return byValue(column, read);
  }
}

function byValue(column: DatabaseColumn, read: (row: number) => unknown): ArrowCell {
  const write = wireCell(columnOf(column));
  return (writer, row) => write(writer, read(row) as never); // the reader gives what the kit takes for the type
}

function booleans({ values, offset }: Data): ArrowCell {
  return (writer, row) => {
    const bit = offset + row;
    const at = beginField(writer, 1);
    writer.buffer[at] = (values[bit >> 3]! >> (bit & 7)) & 1;
  };
}

function integers(values: Int8Array | Int16Array | Int32Array): ArrowCell {
  return (writer, row) => {
    const value = values[row]!;
    const at = beginField(writer, 8);
    int32(writer.buffer, at, value >> 31);
    int32(writer.buffer, at + 4, value);
  };
}

function eightBytes(values: BigInt64Array | Float64Array): ArrowCell {
  const words = wordsOf(values);
  return (writer, row) => {
    const at = beginField(writer, 8);
    int32(writer.buffer, at, words[2 * row + 1]!);
    int32(writer.buffer, at + 4, words[2 * row]!);
  };
}

function floats(values: Float32Array): ArrowCell {
  return (writer, row) => {
    const at = beginField(writer, 8);
    writer.buffer.writeDoubleBE(shortestFloat(values[row]!), at);
  };
}

function decimals(values: Uint32Array, scale: number): ArrowCell {
  return (writer, row) => writeDecimalWords(writer, values, 4 * row, scale);
}

function dates(values: Int32Array, column: string): ArrowCell {
  return (writer, row) => {
    const days = values[row]!;
    if (days < FIRST_DAY || days > LAST_DAY) throw beyond(column, 'a date');
    const at = beginField(writer, 4);
    int32(writer.buffer, at, days - DAYS_TO_2000);
  };
}

/** A number of 64 bits in two words. */
interface Words {
  readonly high: number;
  /** Without a sign. */
  readonly low: number;
}

const WORD = 2 ** 32;
const DAY_MICROS = 86_400_000_000n;

function wordsOfBigint(value: bigint): Words {
  return { high: Number(BigInt.asIntN(32, value >> 32n)), low: Number(BigInt.asUintN(32, value)) };
}

const EPOCH = wordsOfBigint(BigInt(DAYS_TO_2000) * DAY_MICROS);
const FIRST = wordsOfBigint(BigInt(FIRST_DAY) * DAY_MICROS);
const END = wordsOfBigint(BigInt(LAST_DAY + 1) * DAY_MICROS);

function moments(values: BigInt64Array, column: string): ArrowCell {
  const words = wordsOf(values);
  return (writer, row) => {
    const low = words[2 * row]! >>> 0;
    const high = words[2 * row + 1]!;
    const isEarly = high < FIRST.high || (high === FIRST.high && low < FIRST.low);
    const isLate = high > END.high || (high === END.high && low >= END.low);
    if (isEarly || isLate) throw beyond(column, 'a moment');
    const difference = low - EPOCH.low;
    const at = beginField(writer, 8);
    int32(writer.buffer, at, high - EPOCH.high - (difference < 0 ? 1 : 0));
    int32(writer.buffer, at + 4, difference < 0 ? difference + WORD : difference);
  };
}

function texts({ values, valueOffsets }: Data): ArrowCell {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const offsets = valueOffsets as Int32Array;
  return (writer, row) => {
    const start = offsets[row]!;
    const end = offsets[row + 1]!;
    writer.reserve(4);
    int32(writer.buffer, writer.position, end - start);
    writer.position += 4;
    writer.copy(bytes, start, end);
  };
}

function wordsOf({ buffer, byteOffset, byteLength }: BigInt64Array | Float64Array): Int32Array {
  return new Int32Array(buffer, byteOffset, byteLength >> 2);
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
