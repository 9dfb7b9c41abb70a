/**
 * PostgreSQL's type OIDs (pg_type.dat; the built-in ones never change) as column types and as names for casts.
 * What has no type of ours is carried as its text: enums, ranges, network addresses, geometry, types of extensions.
 */
import type { Column, ColumnType, DatabaseColumn, ScalarKind } from '../../../core/protocol/types.ts';

export const JSON_OID = 114;
export const INT4_OID = 23;
const NUMERIC_OID = 1700;
const NUMERIC_ARRAY_OID = 1231;
const TYPMOD_HEADER = 4;
const MAX_PRECISION = 38;

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

/** The one type of the database's that carries each of ours. */
const CARRIERS = new Map<ColumnType['kind'], number>(
  [20, 701, 25, 16, 17, 114, 1082, 1083, 1114, 1184, 1186, 2950].map((oid) => [TYPES[oid]!.kind, oid]),
);

const ELEMENTS = new Map(Object.entries(TYPES).map(([oid, entry]) => [entry.array, Number(oid)]));

/** The column type of a type OID with its modifier (-1: none). */
export function columnType(typeOid: number, typeModifier: number): ColumnType {
  const element = ELEMENTS.get(typeOid);
  if (element !== undefined) return { kind: 'list', of: columnType(element, typeModifier) };
  const kind = TYPES[typeOid]?.kind ?? 'string';
  return kind === 'decimal' ? decimalOf(typeModifier) : { kind };
}

/** The OID of an array's elements; null for what is no array that we know. */
export function elementOid(arrayOid: number): number | null {
  return ELEMENTS.get(arrayOid) ?? null;
}

export function databaseColumnToColumn(column: DatabaseColumn): Column {
  return { name: column.name, type: columnType(column.typeOid, column.typeModifier) };
}

/** How the database describes a column that was cast to this type of ours. */
export function databaseType(type: ColumnType): { readonly typeOid: number; readonly typeModifier: number } {
  if (type.kind === 'list')
    return { ...databaseType(type.of), typeOid: TYPES[databaseType(type.of).typeOid]!.array };
  if (type.kind !== 'decimal') return { typeOid: CARRIERS.get(type.kind)!, typeModifier: -1 };
  const { precision, scale } = type;
  const typeModifier = precision === null ? -1 : ((precision << 16) | (scale ?? 0)) + TYPMOD_HEADER;
  return { typeOid: NUMERIC_OID, typeModifier };
}

/** The name that a value is cast to so that it has this type; null for a type that we do not know. */
export function castTypeName(typeOid: number): string | null {
  const element = ELEMENTS.get(typeOid);
  if (element !== undefined) return `${TYPES[element]!.name}[]`;
  return TYPES[typeOid]?.name ?? null;
}

/**
 * numeric(p,s): ((p << 16) | (s & 0x7ff)) + 4 since PostgreSQL 15, where s may be negative or above p. More digits
 * than an engine decimal has become a decimal without size.
 */
function decimalOf(typeModifier: number): ColumnType {
  if (typeModifier < TYPMOD_HEADER) return { kind: 'decimal', precision: null, scale: null };
  const packed = typeModifier - TYPMOD_HEADER;
  const declared = (packed >> 16) & 0xffff;
  const signed = ((packed & 0x7ff) ^ 1024) - 1024;
  const scale = Math.max(0, signed);
  const precision = signed < 0 ? declared - signed : Math.max(declared, scale);
  if (precision > MAX_PRECISION) return { kind: 'decimal', precision: null, scale: null };
  return { kind: 'decimal', precision, scale };
}
