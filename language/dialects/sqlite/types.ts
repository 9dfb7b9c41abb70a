/**
 * The types of SQLite's columns as ours. SQLite types values, not columns: a column has the type that it was declared with, by
 * its name first, else by SQLite's rules of affinity. A column that is computed, or declared without a type, has that of the
 * first value that was seen; one in which none was seen is text. What does not fit is a bad-value error of the connector.
 */
import type { Column, ColumnType, DatabaseColumn, NativeType } from '../../../core/protocol/types.ts';

/** Storage classes of values but NULL. */
export type StorageClass = 'integer' | 'real' | 'text' | 'blob';

/** The content of SQLite's native types: the declared type, or the first value's storage class; both null: neither is known. */
export interface SqliteType {
  readonly declared: string | null;
  readonly seen: StorageClass | null;
}

export function nativeType(declared: string | null, seen: StorageClass | null = null): NativeType {
  return { declared, seen } satisfies SqliteType as unknown as NativeType;
}

export function sqliteTypeOf(type: NativeType): SqliteType {
  return type as unknown as SqliteType; // a connection's types come from its own connector or dialect
}

const OF_CLASS: Readonly<Record<StorageClass, ColumnType>> = {
  integer: { kind: 'int64' },
  real: { kind: 'float64' },
  text: { kind: 'string' },
  blob: { kind: 'bytes' },
};
const MAX_PRECISION = 38;

/** The first that fits; SQLite's own rules are the last ones, in their order. */
const BY_NAME: readonly (readonly [RegExp, ColumnType])[] = [
  [/^bool/, { kind: 'bool' }],
  [/^(datetime|timestamp)/, { kind: 'timestamp' }],
  [/^date/, { kind: 'date' }],
  [/^time/, { kind: 'time' }],
  [/^uuid/, { kind: 'uuid' }],
  [/^jsonb?$/, { kind: 'json' }],
  [/int/, { kind: 'int64' }],
  [/char|clob|text/, { kind: 'string' }],
  [/blob/, { kind: 'bytes' }],
  [/real|floa|doub/, { kind: 'float64' }],
];

/** True for a column whose type its values decide. */
export function isUndeclared({ declared }: SqliteType): boolean {
  return declared === null || declared === '' || /^any$/i.test(declared);
}

export function columnType(type: NativeType): ColumnType {
  const native = sqliteTypeOf(type);
  if (isUndeclared(native)) return OF_CLASS[native.seen ?? 'text'];
  const name = native.declared!.toLowerCase();
  return BY_NAME.find(([pattern]) => pattern.test(name))?.[1] ?? decimalOf(name);
}

/** Anything else has the affinity NUMERIC. */
function decimalOf(name: string): ColumnType {
  const size = /\((\d+)(?:\s*,\s*(\d+))?\)/.exec(name);
  const [precision, scale] = [Number(size?.[1]), Number(size?.[2] ?? 0)];
  const fits = size !== null && precision > 0 && precision <= MAX_PRECISION && scale <= precision;
  return { kind: 'decimal', ...(fits ? { precision, scale } : { precision: null, scale: null }) };
}

export function columnOf({ name, type }: DatabaseColumn): Column {
  return { name, type: columnType(type) };
}
