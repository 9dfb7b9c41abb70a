/**
 * PostgreSQL's side of types, for stages that run in the database: the type that carries ours, literals, bound values,
 * and the cast of an answer's column.
 *
 * Invariants: every constant says its type, so that PostgreSQL never guesses one; what may be negative is written as
 * quoted text, which its type reads exactly (`-9223372036854775808` as a number would be negated too late).
 * Quoting relies on `standard_conforming_strings`, which every session of ours sets.
 */
import type { ParameterKind } from '../../../core/protocol/parameters.ts';
import type { ColumnType, NativeType, ScalarKind } from '../../../core/protocol/types.ts';
import { decimalSize, isUnsized } from '../../types/rules.ts';
import { valueType } from '../../types/typed.ts';
import type { Literal } from '../dialect.ts';
import { quoteName, quoteText } from '../quoting.ts';
import { carrierType } from './types.ts';

/** Longer names PostgreSQL cuts, so that two could become one. */
const MAX_NAME_BYTES = 63;

/** A kind that is not among them is bound as text. */
const PARAMETER_TYPES: Partial<Record<ParameterKind, NativeType>> = {
  int64: carrierType({ kind: 'int64' }),
  float64: carrierType({ kind: 'float64' }),
  bool: carrierType({ kind: 'bool' }),
};
const TEXT_TYPE = carrierType({ kind: 'string' });

/** The names of types in casts. */
const NAMES: Readonly<Record<ScalarKind, string>> = {
  bool: 'bool',
  int64: 'int8',
  float64: 'float8',
  string: 'text',
  bytes: 'bytea',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  interval: 'interval',
  json: 'json',
  uuid: 'uuid',
};

export function postgresType(type: ColumnType): string {
  switch (type.kind) {
    case 'decimal': {
      const { precision, scale } = decimalSize(type);
      return `numeric(${precision},${scale})`;
    }
    case 'list':
      return `${postgresType(type.of)}[]`;
    default:
      return NAMES[type.kind];
  }
}

/** The native type of a bound value of stages: `CAST($n AS type)` reads its text so. */
export function postgresParameterType(kind: ParameterKind): NativeType {
  return PARAMETER_TYPES[kind] ?? TEXT_TYPE;
}

/**
 * Text that is equal only to the same characters, whatever the collation of the column that it comes from: the
 * database's default collation is always deterministic, and it is the one that most indexes have.
 */
export function withUsualCollation(sql: string): string {
  return `(${sql} COLLATE pg_catalog."default")`;
}

/** Text that is ordered by code point. */
export function byCodePoint(sql: string): string {
  return `(${sql} COLLATE "C")`;
}

/** Says whether a column of a statement can have this name. */
export function postgresNameFits(name: string): boolean {
  return Buffer.byteLength(name) <= MAX_NAME_BYTES && !name.includes('\0');
}

export { quoteName, quoteText };

export function literal({ value, type }: Literal): string {
  if (value === null) return type.kind === 'null' ? 'NULL' : `CAST(NULL AS ${postgresType(valueType(type))})`;
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  return `CAST(${quoteText(value)} AS ${postgresType(valueType(type))})`;
}

/**
 * A column of the answer, as what the database then describes to be exactly `type`. A decimal without a size was
 * carried with 18 digits after the point and shows no more than it has.
 */
export function declaredColumn(sql: string, type: ColumnType): string {
  return isUnsized(type) ? `trim_scale(${sql})` : `CAST(${sql} AS ${postgresType(type)})`;
}

export function parameter(bound: string, type: ColumnType): string {
  return `CAST(${bound} AS ${postgresType(type)})`;
}
