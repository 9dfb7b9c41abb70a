/**
 * The types of Spark's columns as ours. A native type is Spark's own, without what does not matter for values. Structs, maps,
 * variants and lists of them come as their JSON, which Spark writes (`to_json`); intervals as their text.
 */
import type { Column, ColumnType, DatabaseColumn, NativeType } from '../../../core/protocol/types.ts';

export const SPARK_TYPES = [
  ...['boolean', 'byte', 'short', 'integer', 'long', 'float', 'double', 'decimal', 'string', 'binary'],
  ...['date', 'timestamp', 'timestamp_ntz', 'array', 'struct', 'map', 'variant', 'interval', 'null', 'other'],
] as const;

export type SparkTypeName = (typeof SPARK_TYPES)[number];

export interface SparkType {
  readonly name: SparkTypeName;
  /** Digits of a decimal; 0 for all other types. */
  readonly precision: number;
  readonly scale: number;
  /** The type of an array's elements; null for all other types. */
  readonly of: SparkType | null;
  /** The name that Spark gives a type that is none of the others. */
  readonly title: string;
}

export function sparkType(name: SparkTypeName, more: Partial<SparkType> = {}): SparkType {
  return { name, precision: 0, scale: 0, of: null, title: name, ...more };
}

export function nativeType(type: SparkType): NativeType {
  return type as unknown as NativeType; // opaque everywhere else
}

export function sparkTypeOf(type: NativeType): SparkType {
  return type as unknown as SparkType; // a connection's types come from its own connector or dialect
}

const KINDS: Readonly<Partial<Record<SparkTypeName, ColumnType>>> = {
  boolean: { kind: 'bool' },
  byte: { kind: 'int64' },
  short: { kind: 'int64' },
  integer: { kind: 'int64' },
  long: { kind: 'int64' },
  float: { kind: 'float64' },
  double: { kind: 'float64' },
  binary: { kind: 'bytes' },
  date: { kind: 'date' },
  timestamp: { kind: 'timestamptz' },
  timestamp_ntz: { kind: 'timestamp' },
  struct: { kind: 'json' },
  map: { kind: 'json' },
  variant: { kind: 'json' },
};

export function columnType(type: NativeType): ColumnType {
  return typeOf(sparkTypeOf(type));
}

function typeOf(type: SparkType): ColumnType {
  if (type.name === 'decimal') return { kind: 'decimal', precision: type.precision, scale: type.scale };
  if (type.name === 'array') return isJson(type) ? { kind: 'json' } : { kind: 'list', of: typeOf(type.of!) };
  return KINDS[type.name] ?? { kind: 'string' };
}

/** Says whether Spark must write such a column as JSON, since no type of ours carries it. */
export function isJson({ name, of }: SparkType): boolean {
  if (name === 'array') return of === null || of.name === 'array' || isJson(of) || isText(of);
  return name === 'struct' || name === 'map' || name === 'variant';
}

/** Says whether Spark must write such a column as text, since its values have no form of ours. */
export function isText({ name }: SparkType): boolean {
  return name === 'interval' || name === 'null' || name === 'other';
}

const SENT: Readonly<Record<ColumnType['kind'], SparkTypeName>> = {
  bool: 'boolean',
  int64: 'long',
  float64: 'double',
  decimal: 'decimal',
  string: 'string',
  json: 'string',
  uuid: 'string',
  bytes: 'binary',
  date: 'date',
  time: 'string',
  timestamp: 'timestamp_ntz',
  timestamptz: 'timestamp',
  interval: 'string',
  list: 'array',
};

/** Returns the native type of a value of ours that leaves a statement. */
export function sentType(type: ColumnType): SparkType {
  if (type.kind === 'decimal')
    return sparkType('decimal', { precision: type.precision ?? 38, scale: type.scale ?? 0 });
  if (type.kind === 'list') return sparkType('array', { of: sentType(type.of) });
  return sparkType(SENT[type.kind]);
}

export function columnOf({ name, type }: DatabaseColumn): Column {
  return { name, type: columnType(type) };
}
