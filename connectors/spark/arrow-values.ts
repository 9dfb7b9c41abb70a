/**
 * Values of Arrow's vectors as connectors give them (connectors/kit/value-text.ts). What our types do not hold is a bad-value error that
 * names the column.
 */
import type { Vector } from 'apache-arrow';
import { QueryError } from '../../core/protocol/errors.ts';
import type { DatabaseColumn } from '../../core/protocol/types.ts';
import { isJson, isText, type SparkType, sparkTypeOf } from '../../language/dialects/spark/types.ts';
import type { RowValue } from '../kit/value-text.ts';

type ReadValue = (value: unknown) => RowValue;

const DAY_MS = 86_400_000;
const MICROS = 1_000_000n;
const WORD_BITS = 32n;
/** Days and seconds of the years 1 and 9999, which are those that ISO 8601 writes with four digits. */
export const FIRST_DAY = -719_162;
export const LAST_DAY = 2_932_896;

/** Returns the function that gives the value of each row of the column. */
export function readerOf({ name, type }: DatabaseColumn, vector: Vector): (row: number) => RowValue {
  const native = sparkTypeOf(type);
  const read = isJson(native) || isText(native) ? String : valueReader(native, name);
  const raw = rawValues(vector, native);
  return (row) => {
    const value = raw(row);
    return value === null || value === undefined ? null : read(value);
  };
}

function valueReader(type: SparkType, column: string): ReadValue {
  const read = plainReader(type, column);
  return (value) => (value === null || value === undefined ? null : read(value));
}

function plainReader(type: SparkType, column: string): ReadValue {
  switch (type.name) {
    case 'float':
      return (value) => shortestFloat(value as number);
    case 'decimal':
      return (value) => decimalText(value as Uint32Array, type.scale);
    case 'date':
      return (value) => dateText(value as number, column);
    case 'timestamp':
      return (value) => `${momentText(value as bigint, column)}+00`;
    case 'timestamp_ntz':
      return (value) => momentText(value as bigint, column);
    case 'array': {
      const element = valueReader(type.of!, column);
      return (value) => Array.from(value as Iterable<unknown>, element);
    }
    default:
      return (value) => value as RowValue; // boolean, whole numbers, double, string, binary: as they are
  }
}

/** Returns the double that has the fewest digits of those that are this float. */
export function shortestFloat(value: number): number {
  if (!Number.isFinite(value)) return value;
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}

/** `words`: a number of 128 bits, its lowest 32 first, in two's complement. */
function decimalText(words: Uint32Array, scale: number): string {
  let value = 0n;
  for (let index = 3; index >= 0; index--) value = (value << WORD_BITS) | BigInt(words[index]!);
  const signed = BigInt.asIntN(128, value);
  const digits = (signed < 0n ? -signed : signed).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const text = scale === 0 ? whole : `${whole}.${digits.slice(digits.length - scale)}`;
  return signed < 0n ? `-${text}` : text;
}

function dateText(days: number, column: string): string {
  if (days < FIRST_DAY || days > LAST_DAY) throw beyond(column, 'a date');
  return new Date(days * DAY_MS).toISOString().slice(0, 10);
}

/** `micros`: since 1970. */
function momentText(micros: bigint, column: string): string {
  const fraction = ((micros % MICROS) + MICROS) % MICROS;
  const seconds = Number((micros - fraction) / MICROS);
  const day = Math.floor(seconds / 86_400);
  if (day < FIRST_DAY || day > LAST_DAY) throw beyond(column, 'a moment');
  const text = new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
  return fraction === 0n ? text : `${text}.${fraction.toString().padStart(6, '0').replace(/0+$/, '')}`;
}

export function beyond(column: string, what: string): QueryError {
  return new QueryError('bad-value', `column ${column} holds ${what} outside of the years 1 to 9999`, {
    hint: `leave such rows out, or write cast(${column} as string) in the SQL`,
  });
}

/**
 * Returns the value of each row of a vector. The vector's own way makes dates and moments of numbers, so those are read from its memory.
 */
function rawValues(vector: Vector, type: SparkType): (row: number) => unknown {
  if (type.name !== 'date' && type.name !== 'timestamp' && type.name !== 'timestamp_ntz')
    return (row) => vector.get(row);
  const [data] = vector.data; // a batch has one piece
  const values = data!.values as Int32Array | BigInt64Array;
  return (row) => (vector.isValid(row) ? values[row] : null);
}
