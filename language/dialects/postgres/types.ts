/**
 * PostgreSQL's type OIDs (pg_type.dat; the built-in ones never change) as column types and as names for casts. A native
 * type of PostgreSQL is an OID with a modifier, which only this folder and the connector look at.
 * What has no type of ours is carried as its text: enums, ranges, network addresses, geometry, types of extensions.
 */
import type {
  Column,
  ColumnType,
  DatabaseColumn,
  NativeType,
  ScalarKind,
} from '../../../core/protocol/types.ts';
import type { WireType } from '../../../core/protocol/wire-rows.ts';

const NUMERIC_OID = 1700;
const NUMERIC_ARRAY_OID = 1231;
const TYPMOD_HEADER = 4;
const MAX_PRECISION = 38;

/** The content of PostgreSQL's native types. */
export interface PostgresType {
  readonly oid: number;
  /** atttypmod: -1 when there is none. */
  readonly modifier: number;
}

export function nativeType(oid: number, modifier = -1): NativeType {
  return { oid, modifier } satisfies PostgresType as unknown as NativeType;
}

/** The OID and the modifier in a native type of PostgreSQL's. */
export function postgresTypeOf(type: NativeType): PostgresType {
  return type as unknown as PostgresType; // a connection's types come from its own connector or dialect
}

export const JSON_TYPE = nativeType(114);
export const INT4_TYPE = nativeType(23);

interface TypeEntry {
  readonly name: string;
  readonly kind: ScalarKind | 'decimal';
  /** OID of its array type. */
  readonly array: number;
}

const TYPES: Readonly<Record<number, TypeEntry>> = {
  16: { name: 'bool', kind: 'bool', array: 1000 },
  17: { name: 'bytea', kind: 'bytes', array: 1001 },
  18: { name: '"char"', kind: 'string', array: 1002 },
  19: { name: 'name', kind: 'string', array: 1003 },
  20: { name: 'int8', kind: 'int64', array: 1016 },
  21: { name: 'int2', kind: 'int64', array: 1005 },
  23: { name: 'int4', kind: 'int64', array: 1007 },
  25: { name: 'text', kind: 'string', array: 1009 },
  26: { name: 'oid', kind: 'int64', array: 1028 },
  114: { name: 'json', kind: 'json', array: 199 },
  142: { name: 'xml', kind: 'string', array: 143 },
  700: { name: 'float4', kind: 'float64', array: 1021 },
  701: { name: 'float8', kind: 'float64', array: 1022 },
  790: { name: 'money', kind: 'string', array: 791 },
  650: { name: 'cidr', kind: 'string', array: 651 },
  829: { name: 'macaddr', kind: 'string', array: 1040 },
  869: { name: 'inet', kind: 'string', array: 1041 },
  1042: { name: 'bpchar', kind: 'string', array: 1014 },
  1043: { name: 'varchar', kind: 'string', array: 1015 },
  1082: { name: 'date', kind: 'date', array: 1182 },
  1083: { name: 'time', kind: 'time', array: 1183 },
  1114: { name: 'timestamp', kind: 'timestamp', array: 1115 },
  1184: { name: 'timestamptz', kind: 'timestamptz', array: 1185 },
  1186: { name: 'interval', kind: 'interval', array: 1187 },
  1266: { name: 'timetz', kind: 'string', array: 1270 },
  1560: { name: 'bit', kind: 'string', array: 1561 },
  1562: { name: 'varbit', kind: 'string', array: 1563 },
  [NUMERIC_OID]: { name: 'numeric', kind: 'decimal', array: NUMERIC_ARRAY_OID },
  2950: { name: 'uuid', kind: 'uuid', array: 2951 },
  3802: { name: 'jsonb', kind: 'json', array: 3807 },
};

/** The OID of the one type that carries each of ours. */
const CARRIERS: Readonly<Record<ScalarKind, number>> = {
  bool: 16,
  int64: 20,
  float64: 701,
  string: 25,
  bytes: 17,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  interval: 1186,
  json: 114,
  uuid: 2950,
};

const ELEMENTS = new Map(Object.entries(TYPES).map(([oid, entry]) => [entry.array, Number(oid)]));

/** The column type of a native type. */
export function columnType(type: NativeType): ColumnType {
  const { oid, modifier } = postgresTypeOf(type);
  const element = ELEMENTS.get(oid);
  if (element !== undefined) return { kind: 'list', of: columnType(nativeType(element, modifier)) };
  const kind = TYPES[oid]?.kind ?? 'string';
  return kind === 'decimal' ? decimalOf(modifier) : { kind };
}

/** Narrower than our int64: int2, int4. PostgreSQL compares integers of any width with each other. */
export function isNarrowInteger(type: NativeType): boolean {
  const { oid } = postgresTypeOf(type);
  return oid === 21 || oid === 23;
}

/** The OID of an array's elements; null for what is no array that we know. */
export function elementOid(arrayOid: number): number | null {
  return ELEMENTS.get(arrayOid) ?? null;
}

export function databaseColumnToColumn(column: DatabaseColumn): Column {
  return { name: column.name, type: columnType(column.type) };
}

/** Returns the type by which the database describes a column that was cast to this type of ours. */
export function carrierType(type: ColumnType): NativeType {
  if (type.kind === 'list') {
    const { oid, modifier } = postgresTypeOf(carrierType(type.of));
    return nativeType(TYPES[oid]!.array, modifier);
  }
  if (type.kind !== 'decimal') return nativeType(CARRIERS[type.kind]);
  const { precision, scale } = type;
  return nativeType(
    NUMERIC_OID,
    precision === null ? -1 : ((precision << 16) | (scale ?? 0)) + TYPMOD_HEADER,
  );
}

/**
 * numeric(p,s): ((p << 16) | (s & 0x7ff)) + 4 since PostgreSQL 15, where s may be negative or above p. More digits
 * than an engine decimal has become a decimal without size.
 */
function decimalOf(modifier: number): ColumnType {
  if (modifier < TYPMOD_HEADER) return { kind: 'decimal', precision: null, scale: null };
  const packed = modifier - TYPMOD_HEADER;
  const declared = (packed >> 16) & 0xffff;
  const signed = ((packed & 0x7ff) ^ 1024) - 1024;
  const scale = Math.max(0, signed);
  const precision = signed < 0 ? declared - signed : Math.max(declared, scale);
  if (precision > MAX_PRECISION) return { kind: 'decimal', precision: null, scale: null };
  return { kind: 'decimal', precision, scale };
}

/** The binary forms in which COPY BINARY sends types: their send functions (`int4send`, `numeric_send` ...) define them. */
const WIRE_TYPES: Readonly<Record<number, WireType>> = {
  16: 'bool',
  17: 'bytes',
  20: 'int64',
  21: 'int16',
  23: 'int32',
  26: 'uint32',
  701: 'float64',
  1082: 'date',
  1083: 'time',
  1114: 'timestamp',
  1184: 'timestamptz',
  1186: 'interval',
  [NUMERIC_OID]: 'decimal',
  2950: 'uuid',
  3802: 'jsonb',
};

export function wireType(type: NativeType): WireType {
  return WIRE_TYPES[postgresTypeOf(type).oid] ?? 'text';
}
