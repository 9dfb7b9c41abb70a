/**
 * What a SQL dialect must say about types and values so that expressions can be written in it. Functions bring their own
 * text (`Emitters` in typed.ts); stages and `Relation` ask here.
 */
import type { ExprType } from '../type-rules.ts';
import type { Emitter, Emitters } from '../typed.ts';
import type { ColumnType } from '../types.ts';

export interface Dialect {
  readonly name: 'duckdb' | 'postgres';
  /** The type's name in a cast. */
  typeName(type: ColumnType): string;
  /** A constant of that type, bracketed where it must be. */
  literal(value: string | boolean | null, type: ExprType): string;
  /** What stands behind a key of an order so that text is ordered by code point; '' where it is anyway. */
  collation(type: ExprType): string;
  /** The places 1, 2, ... of a list's elements, as rows. */
  subscripts(list: string): string;
  /** undefined: the call has no exact text here. */
  emitter(emitters: Emitters): Emitter | undefined;
}
