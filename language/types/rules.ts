/**
 * The rules for which types go together. There is no coercion between text and number; within numbers and within points in time
 * the narrower becomes the wider. A `decimal` without a declared size is carried as decimal(38,18) and stays
 * "without size" through arithmetic, so that answers print it without trailing zeros.
 */
import { type ColumnType, MAX_PRECISION, typeName } from '../../core/protocol/types.ts';

/** `null` is the type of a bare null, which fits everywhere. */
export type ExprType = ColumnType | { readonly kind: 'null' };

export const BOOL: ColumnType = { kind: 'bool' };
export const INT64: ColumnType = { kind: 'int64' };
export const FLOAT64: ColumnType = { kind: 'float64' };
export const STRING: ColumnType = { kind: 'string' };
export const DATE: ColumnType = { kind: 'date' };
export const TIMESTAMP: ColumnType = { kind: 'timestamp' };
export const TIMESTAMPTZ: ColumnType = { kind: 'timestamptz' };
export const INTERVAL: ColumnType = { kind: 'interval' };
export const NULL: ExprType = { kind: 'null' };

export const UNSIZED_SCALE = 18;
/** Digits of the longest int64. */
const INT64_DIGITS = 19;

export type DecimalType = Extract<ColumnType, { kind: 'decimal' }>;

export function decimal(precision: number, scale: number): DecimalType {
  return { kind: 'decimal', precision: Math.min(MAX_PRECISION, precision), scale };
}

export const UNSIZED_DECIMAL: DecimalType = { kind: 'decimal', precision: null, scale: null };
/** The type of sums of int64: a sum that does not fit fails, it never wraps. */
export const BIG_INTEGER: ColumnType = decimal(MAX_PRECISION, 0);

export interface DecimalSize {
  readonly precision: number;
  readonly scale: number;
}

/** Returns the size of the decimal that carries a number; int64 is carried as decimal(19,0). */
export function decimalSize(type: ExprType): DecimalSize {
  if (type.kind !== 'decimal') return { precision: INT64_DIGITS, scale: 0 };
  if (type.precision === null) return { precision: MAX_PRECISION, scale: UNSIZED_SCALE };
  return { precision: type.precision, scale: type.scale ?? 0 };
}

export function isUnsized(type: ExprType): boolean {
  return type.kind === 'decimal' && type.precision === null;
}

export function isNumeric(type: ExprType): boolean {
  return type.kind === 'int64' || type.kind === 'float64' || type.kind === 'decimal';
}

/** A point in time that has a date. */
export function isMoment(type: ExprType): boolean {
  return type.kind === 'date' || type.kind === 'timestamp' || type.kind === 'timestamptz';
}

/** The type of the elements of a list of lists of ...; of what is no list, the type itself. */
export function innermost(type: ExprType): ExprType {
  return type.kind === 'list' ? innermost(type.of) : type;
}

export function exprTypeName(type: ExprType): string {
  return type.kind === 'null' ? 'null' : typeName(type);
}

export function sameType(a: ExprType, b: ExprType): boolean {
  return a.kind === b.kind && exprTypeName(a) === exprTypeName(b);
}

/** The narrowest type that holds both, or null when nothing does without a cast. */
export function commonType(a: ExprType, b: ExprType): ExprType | null {
  if (sameType(a, b)) return a;
  if (a.kind === 'null') return b;
  if (b.kind === 'null') return a;
  if (isNumeric(a) && isNumeric(b)) return commonNumber(a, b);
  if (isMoment(a) && isMoment(b)) {
    if (a.kind === 'timestamptz' || b.kind === 'timestamptz') return TIMESTAMPTZ;
    return TIMESTAMP;
  }
  if (a.kind === 'list' && b.kind === 'list') {
    const of = commonType(a.of, b.of);
    return of === null || of.kind === 'null' ? null : { kind: 'list', of };
  }
  return null;
}

function commonNumber(a: ExprType, b: ExprType): ColumnType {
  if (a.kind === 'float64' || b.kind === 'float64') return FLOAT64;
  if (isUnsized(a) || isUnsized(b)) return UNSIZED_DECIMAL;
  const left = decimalSize(a);
  const right = decimalSize(b);
  const scale = Math.max(left.scale, right.scale);
  return decimal(Math.max(left.precision - left.scale, right.precision - right.scale) + scale, scale);
}
