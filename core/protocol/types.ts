/**
 * The types that columns and expressions have, wherever they are computed, and how they are named to users.
 */

export type ColumnType =
  | { readonly kind: ScalarKind }
  /** precision and scale are null for a database `numeric` without a declared size. */
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

/** A column as PostgreSQL's RowDescription gives it. */
export interface DatabaseColumn {
  readonly name: string;
  readonly typeOid: number;
  /** atttypmod: -1 when there is none. */
  readonly typeModifier: number;
}

/** The name shown in answers, errors and docs: `int64`, `decimal(10,2)`, `list<string>`. */
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
