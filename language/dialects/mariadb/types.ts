/**
 * MariaDB's column types (those of its wire protocol) as ours. A native type holds what decides how a column is read: the
 * protocol's number of the type, and what else tells two types of one number apart. The connector makes native types.
 */
import type { Column, ColumnType, DatabaseColumn, NativeType } from '../../../core/protocol/types.ts';

/** Numbers of types in the protocol. */
export const FIELD = {
  tiny: 1,
  short: 2,
  long: 3,
  float: 4,
  double: 5,
  null: 6,
  timestamp: 7,
  longlong: 8,
  int24: 9,
  date: 10,
  time: 11,
  datetime: 12,
  year: 13,
  bit: 16,
  json: 245,
  decimal: 246,
  varString: 253,
} as const;

export interface MariadbType {
  readonly field: number;
  readonly unsigned: boolean;
  /** Bytes, not text. */
  readonly binary: boolean;
  /** Digits of a decimal, bits of a bit; 0 for all other types. */
  readonly size: number;
  /** Digits of a decimal after the point. */
  readonly scale: number;
  /** `json`, `uuid` and the like, which the protocol sends as text, or `bool`, which stages make of numbers; null: nothing is said. */
  readonly format: string | null;
}

const PLAIN: MariadbType = {
  field: FIELD.varString,
  unsigned: false,
  binary: false,
  size: 0,
  scale: 0,
  format: null,
};

export function nativeType(parts: Partial<MariadbType>): NativeType {
  return { ...PLAIN, ...parts } satisfies MariadbType as unknown as NativeType;
}

/** Reads a native type as the one of MariaDB that it is. */
export function mariadbTypeOf(type: NativeType): MariadbType {
  return type as unknown as MariadbType; // a connection's types come from its own connector or dialect
}

export const TEXT_TYPE = nativeType({});

const MAX_PRECISION = 38;
/** The number of digits of 18446744073709551615, the largest unsigned integer. */
const UNSIGNED_DIGITS = 20;

const KINDS: Readonly<Record<number, ColumnType>> = {
  [FIELD.tiny]: { kind: 'int64' },
  [FIELD.short]: { kind: 'int64' },
  [FIELD.long]: { kind: 'int64' },
  [FIELD.int24]: { kind: 'int64' },
  [FIELD.year]: { kind: 'int64' },
  [FIELD.float]: { kind: 'float64' },
  [FIELD.double]: { kind: 'float64' },
  [FIELD.date]: { kind: 'date' },
  [FIELD.time]: { kind: 'time' },
  [FIELD.datetime]: { kind: 'timestamp' },
  [FIELD.timestamp]: { kind: 'timestamptz' },
  [FIELD.json]: { kind: 'json' },
  // The decoder writes the bits as digits.
  [FIELD.bit]: { kind: 'string' },
};

export function columnType(type: NativeType): ColumnType {
  const { field, unsigned, binary, size, scale, format } = mariadbTypeOf(type);
  if (format === 'json' || format === 'uuid' || format === 'bool') return { kind: format };
  if (field === FIELD.longlong)
    return unsigned ? { kind: 'decimal', precision: UNSIGNED_DIGITS, scale: 0 } : { kind: 'int64' };
  if (field === FIELD.decimal)
    return size > MAX_PRECISION
      ? { kind: 'decimal', precision: null, scale: null }
      : { kind: 'decimal', precision: size, scale };
  return KINDS[field] ?? { kind: binary ? 'bytes' : 'string' };
}

/** Fields in which values of our types leave a statement that stages made (sql.ts writes them so). */
const SENT: Readonly<Partial<Record<ColumnType['kind'], Partial<MariadbType>>>> = {
  bool: { field: FIELD.longlong, format: 'bool' },
  int64: { field: FIELD.longlong },
  float64: { field: FIELD.double },
  date: { field: FIELD.date },
  time: { field: FIELD.time },
  timestamp: { field: FIELD.datetime },
  timestamptz: { field: FIELD.timestamp },
  json: { format: 'json' },
  uuid: { format: 'uuid' },
  bytes: { binary: true },
};

/** Returns the native type of a value of ours that leaves a statement. */
export function sentType(type: ColumnType): NativeType {
  if (type.kind === 'decimal')
    return nativeType({
      field: FIELD.decimal,
      size: type.precision ?? MAX_PRECISION + 1,
      scale: type.scale ?? 0,
    });
  return nativeType(SENT[type.kind] ?? {});
}

export function columnOf({ name, type }: DatabaseColumn): Column {
  return { name, type: columnType(type) };
}
