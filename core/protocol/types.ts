/**
 * The types that columns and expressions have, wherever they are computed, and how they are named to users.
 */
import { isDeepStrictEqual } from 'node:util';

export type ColumnType =
  | { readonly kind: ScalarKind }
  /** Precision and scale are null for a database's `numeric` without a declared size. */
  | { readonly kind: 'decimal'; readonly precision: number | null; readonly scale: number | null }
  | { readonly kind: 'list'; readonly of: ColumnType };

export type ScalarKind =
  | 'bool'
  | 'int64'
  | 'float64'
  | 'string'
  | 'bytes'
  | 'date'
  | 'time'
  | 'timestamp' // without a zone
  | 'timestamptz' // an instant, shown in UTC
  | 'interval'
  | 'json'
  | 'uuid';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

declare const native: unique symbol;

/**
 * A type as a database itself names it: JSON-safe, and read only by that database's dialect and connector. All other code
 * only stores it, passes it on, and compares it with `sameNativeType`.
 */
export interface NativeType {
  readonly [native]: true;
}

/** A column as a database describes it. */
export interface DatabaseColumn {
  readonly name: string;
  readonly type: NativeType;
}

/** Tells whether both are the same type of a database; either may have come as JSON. */
export function sameNativeType(one: NativeType, other: NativeType): boolean {
  return isDeepStrictEqual(one, other);
}

/** Returns the name shown in answers, errors and docs: `int64`, `decimal(10,2)`, `list<string>`. */
export function typeName(type: ColumnType): string {
  switch (type.kind) {
    case 'decimal':
      return type.precision === null ? 'decimal' : `decimal(${type.precision},${type.scale ?? 0})`;
    case 'list':
      return `list<${typeName(type.of)}>`;
    default:
      return type.kind;
  }
}

export const MAX_PRECISION = 38;
