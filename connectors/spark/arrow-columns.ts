/**
 * The memory of Arrow's columns in the forms of a batch of the wire (core/protocol/wire-rows.ts). Most is taken as it is; only floats and
 * lists become other values on the way.
 */
import { type Data, DataType, Precision, TimeUnit, type Vector } from 'apache-arrow';
import type { DatabaseColumn } from '../../core/protocol/types.ts';
import { BatchForm } from '../../core/protocol/wire-rows.ts';
import {
  columnOf,
  isJson,
  isText,
  type SparkType,
  type SparkTypeName,
  sparkTypeOf,
} from '../../language/dialects/spark/types.ts';
import { stalePlan } from '../kit/stale-plan.ts';
import { listTexts, type RowValue } from '../kit/value-text.ts';
import { beyond, FIRST_DAY, LAST_DAY, readerOf, shortestFloat } from './arrow-values.ts';

/** A column in memory. */
export interface SentColumn {
  readonly form: BatchForm;
  /** Bits that say which values are there; null: all are. */
  readonly validity: Uint8Array | null;
  /** The place of the first row in bits. */
  readonly bitOffset: number;
  readonly values: Buffer;
  /** Where each text begins, and where the last one ends; null where there are no texts. */
  readonly offsets: Int32Array | null;
}

/** The form of each type's memory, with the check that Arrow's has it. */
const FORMS: Readonly<
  Partial<Record<SparkTypeName, readonly [form: BatchForm, isFit: (type: DataType) => boolean]>>
> = {
  boolean: [BatchForm.bits, DataType.isBool],
  byte: [BatchForm.int8, (type) => DataType.isInt(type) && type.bitWidth === 8],
  short: [BatchForm.int16, (type) => DataType.isInt(type) && type.bitWidth === 16],
  integer: [BatchForm.int32, (type) => DataType.isInt(type) && type.bitWidth === 32],
  long: [BatchForm.eightBytes, (type) => DataType.isInt(type) && type.bitWidth === 64],
  float: [BatchForm.eightBytes, (type) => DataType.isFloat(type) && type.precision === Precision.SINGLE],
  double: [BatchForm.eightBytes, (type) => DataType.isFloat(type) && type.precision === Precision.DOUBLE],
  decimal: [BatchForm.int128, (type) => DataType.isDecimal(type) && type.bitWidth === 128],
  string: [BatchForm.texts, DataType.isUtf8],
  binary: [BatchForm.texts, DataType.isBinary],
  date: [BatchForm.int32, (type) => DataType.isDate(type) && type.unit === 0],
  timestamp: [BatchForm.eightBytes, isMicroseconds],
  timestamp_ntz: [BatchForm.eightBytes, isMicroseconds],
  array: [BatchForm.texts, DataType.isList],
};

function isMicroseconds(type: DataType): boolean {
  return DataType.isTimestamp(type) && type.unit === TimeUnit.MICROSECOND;
}

function formOf(type: SparkType): (typeof FORMS)[SparkTypeName] & object {
  const name = isJson(type) || isText(type) ? 'string' : type.name;
  return FORMS[name]!;
}

/** Throws stale-plan when Arrow's column has another type than was described. */
export function checkForm(type: SparkType, found: DataType): void {
  const [, isFit] = formOf(type);
  if (!isFit(found)) throw stalePlan('the columns');
  if (type.name !== 'decimal' || !DataType.isDecimal(found)) return;
  if (found.scale !== type.scale || found.precision !== type.precision) throw stalePlan('the columns');
}

/** Throws bad-value for what our types do not hold. */
export function sentColumn(column: DatabaseColumn, vector: Vector): SentColumn {
  const [data] = vector.data; // a batch has one piece
  const type = sparkTypeOf(column.type);
  const [form] = formOf(type);
  const { nullCount, nullBitmap, offset } = data!;
  const validity = nullCount === 0 ? null : nullBitmap!;
  const sent = { form, validity, bitOffset: offset };
  if (form === BatchForm.texts && type.name === 'array' && !isJson(type))
    return { ...sent, ...listsOf(column, vector) };
  if (form === BatchForm.texts)
    return { ...sent, values: bufferOf(data!.values), offsets: data!.valueOffsets as Int32Array };
  if (type.name === 'date') checkDates(data!, column.name);
  if (type.name === 'timestamp' || type.name === 'timestamp_ntz') checkMoments(data!, column.name);
  const values = type.name === 'float' ? Float64Array.from(data!.values, shortestFloat) : data!.values;
  return { ...sent, values: bufferOf(values), offsets: null };
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Returns each list as its text. */
function listsOf(column: DatabaseColumn, vector: Vector): Pick<SentColumn, 'values' | 'offsets'> {
  const { type } = columnOf(column);
  if (type.kind !== 'list') throw stalePlan('the columns'); // an array is a list where it is no JSON
  const texts = listTexts(type);
  const read = readerOf(column, vector);
  const offsets = new Int32Array(vector.length + 1);
  const pieces = Array.from({ length: vector.length }, (_, row) => {
    const value: RowValue = read(row);
    const piece = Buffer.from(value === null ? '' : texts(value));
    offsets[row + 1] = offsets[row]! + piece.length;
    return piece;
  });
  return { values: Buffer.concat(pieces), offsets };
}

function isThere({ nullCount, nullBitmap, offset }: Data, row: number): boolean {
  const bit = offset + row;
  return nullCount === 0 || ((nullBitmap[bit >> 3]! >> (bit & 7)) & 1) === 1;
}

function checkDates(data: Data, column: string): void {
  const values = data.values as Int32Array;
  for (let row = 0; row < data.length; row++) {
    const days = values[row]!;
    if ((days < FIRST_DAY || days > LAST_DAY) && isThere(data, row)) throw beyond(column, 'a date');
  }
}

/** A number of 64 bits in two words. */
interface Words {
  readonly high: number;
  /** Without a sign. */
  readonly low: number;
}

const DAY_MICROS = 86_400_000_000n;

function wordsOfBigint(value: bigint): Words {
  return { high: Number(BigInt.asIntN(32, value >> 32n)), low: Number(BigInt.asUintN(32, value)) };
}

const FIRST = wordsOfBigint(BigInt(FIRST_DAY) * DAY_MICROS);
const END = wordsOfBigint(BigInt(LAST_DAY + 1) * DAY_MICROS);

function checkMoments(data: Data, column: string): void {
  const { buffer, byteOffset, byteLength } = data.values as BigInt64Array;
  const words = new Int32Array(buffer, byteOffset, byteLength >> 2);
  for (let row = 0; row < data.length; row++) {
    const low = words[2 * row]! >>> 0;
    const high = words[2 * row + 1]!;
    const isEarly = high < FIRST.high || (high === FIRST.high && low < FIRST.low);
    const isLate = high > END.high || (high === END.high && low >= END.low);
    if ((isEarly || isLate) && isThere(data, row)) throw beyond(column, 'a moment');
  }
}
