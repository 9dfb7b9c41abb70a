/**
 * Turns JavaScript values into the texts that all encoders read (those of PostgreSQL's output functions), by column type, so
 * that a connector whose driver returns values needs no encoder of its own. Each type takes
 *
 *   bool        boolean
 *   int64       bigint, or number where it is a whole one of at most 2^53
 *   float64     number
 *   decimal     text of its digits, or what int64 takes
 *   string      text;  json: text of one JSON value;  uuid: text
 *   bytes       Uint8Array
 *   date        text `2001-02-03`;  time `10:00:00.5`;  timestamp `2001-02-03 10:00:00`;  timestamptz with `+00` behind it
 *   interval    text, as PostgreSQL prints it
 *   list        an array of such values
 *
 * and null. Any other value is a bug of the connector, which has described its column with the wrong type.
 */
import { type ColumnType, typeName } from '../../core/protocol/types.ts';

export type RowValue = null | boolean | number | bigint | string | Uint8Array | readonly RowValue[];

/** Returns a value's text; never called for null. */
export type ValueText = (value: RowValue) => string;

export function valueText(type: ColumnType): ValueText {
  switch (type.kind) {
    case 'bool':
      return (value) => (typeof value === 'boolean' ? (value ? 't' : 'f') : misfit(value, type));
    case 'int64':
      return (value) => (isInteger(value) ? String(value) : misfit(value, type));
    case 'float64':
      return (value) => (typeof value === 'number' ? floatText(value) : misfit(value, type));
    case 'decimal':
      return (value) => (typeof value === 'string' || isInteger(value) ? String(value) : misfit(value, type));
    case 'bytes':
      return (value) => (value instanceof Uint8Array ? `\\x${hexOf(value)}` : misfit(value, type));
    case 'list':
      return listText(type);
    case 'string':
    case 'json':
    case 'uuid':
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'interval':
      return (value) => (typeof value === 'string' ? value : misfit(value, type));
    default:
      return type satisfies never;
  }
}

/** Returns the function that makes the JSON of a list's elements' texts, which the stage engine reads. */
export function listTexts(type: ColumnType & { readonly kind: 'list' }): ValueText {
  const element = valueText(type.of);
  return (value) =>
    JSON.stringify(elementsOf(value, type).map((one) => (one === null ? null : element(one))));
}

function listText(type: ColumnType & { readonly kind: 'list' }): ValueText {
  const element = valueText(type.of);
  const isNested = type.of.kind === 'list';
  return (value) => {
    const texts = elementsOf(value, type).map((one) => {
      if (one === null) return 'NULL';
      return isNested ? element(one) : `"${element(one).replace(/["\\]/g, '\\$&')}"`;
    });
    return `{${texts.join(',')}}`;
  };
}

function elementsOf(value: RowValue, type: ColumnType): readonly RowValue[] {
  return Array.isArray(value) ? (value as readonly RowValue[]) : misfit(value, type);
}

export function isInteger(value: RowValue): value is number | bigint {
  return typeof value === 'bigint' || Number.isSafeInteger(value);
}

/** Returns the shortest digits that read back as the same number, with an exponent of two digits from 1e15 on and below 1e-4. */
export function floatText(value: number): string {
  const size = Math.abs(value);
  if (Object.is(value, -0)) return '-0';
  if (size === 0 || !Number.isFinite(value) || (size >= 1e-4 && size < 1e15)) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

function hexOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('hex');
}

export function misfit(value: RowValue, type: ColumnType): never {
  throw new Error(`a connector gave a ${typeof value} for a column of type ${typeName(type)}`);
}
