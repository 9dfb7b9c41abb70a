/**
 * What a database's SQL has to say about types and values, the same questions for each: so that a statement can be
 * written in either. What is text of the user's (names, literals) goes through `quoteName` and `literal` and nothing else.
 */
import type { ColumnType } from '../../core/protocol/types.ts';
import type { TypedLiteral } from '../types/typed.ts';

export interface Dialect {
  readonly name: 'duckdb' | 'postgres';
  quoteName(name: string): string;
  quoteText(text: string): string;
  /** The name of the type that carries our values of this type. */
  typeName(type: ColumnType): string;
  /** The SQL of a constant, which has exactly its type and stands anywhere. */
  literal(literal: TypedLiteral): string;
  /** A bound value (`$1`) as a value of this type. */
  parameter(bound: string, type: ColumnType): string;
}

/** Names the column and its SQL; what a statement's column must look like where the answer begins. */
export interface CanonicalColumn {
  readonly type: ColumnType;
  /** From the SQL of the column as the database has it to a value that carries our type. */
  canonical(column: string): string;
  /** Why no stage that reads it may be placed; null: stages may. */
  readonly unusable: string | null;
}
