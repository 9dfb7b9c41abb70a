/**
 * Expressions after resolve: every name is a column of the stage's input, every call has found its meaning and
 * type, literals have the type that their neighbours gave them. Pure data: the SQL of a call is found in a dialect's table
 * of functions by its key.
 */
import type { Span } from '../../core/protocol/errors.ts';
import type { ParameterKind } from '../../core/protocol/parameters.ts';
import type { ColumnType } from '../../core/protocol/types.ts';
import type { FunctionKey } from './function-keys.ts';
import type { ExprType } from './rules.ts';
import { FLOAT64 } from './rules.ts';

/**
 * The rows that a function of `streamstats` looks at. `peers`: ordered by the stage's keys alone, so that equal rows are
 * equal; `place`: by the keys and then by where the rows stood, so that no two are; `group`: like `place`,
 * but over all rows of the group.
 */
export type WindowKind = 'peers' | 'place' | 'group';

interface TypedBase {
  readonly type: ExprType;
  readonly span: Span;
}

export interface TypedColumn extends TypedBase {
  readonly kind: 'column';
  readonly name: string;
}

export interface TypedLiteral extends TypedBase {
  readonly kind: 'literal';
  /** Text of a string, number, moment or duration; null for null. */
  readonly value: string | boolean | null;
}

export interface TypedParameter extends TypedBase {
  readonly kind: 'parameter';
  readonly name: string;
  readonly parameterKind: ParameterKind;
}

export interface TypedCall extends TypedBase {
  readonly kind: 'call';
  /** The name as it was written, for messages. */
  readonly name: string;
  readonly key: FunctionKey;
  /** Texts that were written out because the SQL depends on them: a unit, a zone, a number of digits. */
  readonly constants: readonly string[];
  readonly args: readonly Typed[];
  /** The call fails for no value of its arguments. */
  readonly safe: boolean;
  /** The call compares values, and may compare a column as the database stores it. */
  readonly comparison: boolean;
  /** Set on aggregates. `ordered`: its value depends on the order of rows. */
  readonly aggregate: {
    readonly ordered: boolean;
    readonly filter: Typed | null;
    /** Set on window functions, which have no meaning for a group as a whole. */
    readonly window?: WindowKind;
  } | null;
}

export type Typed = TypedColumn | TypedLiteral | TypedParameter | TypedCall;

/** The type as a column's; a bare null counts as float64 only where its type cannot matter. */
export function valueType(type: ExprType): ColumnType {
  return type.kind === 'null' ? FLOAT64 : type;
}

/** Names of the columns that `typed` reads, added to `into`. */
export function collectColumns(typed: Typed, into: Set<string>): void {
  if (typed.kind === 'column') into.add(typed.name);
  if (typed.kind !== 'call') return;
  for (const arg of typed.args) collectColumns(arg, into);
  if (typed.aggregate?.filter != null) collectColumns(typed.aggregate.filter, into);
}

export function hasAggregate(typed: Typed): boolean {
  return typed.kind === 'call' && (typed.aggregate !== null || typed.args.some(hasAggregate));
}

/** Says whether the expression holds an aggregate whose value depends on the order of rows. */
export function hasOrderedAggregate(typed: Typed): boolean {
  if (typed.kind !== 'call') return false;
  return typed.aggregate?.ordered === true || typed.args.some(hasOrderedAggregate);
}

/** Says how an aggregate or a window function sees the rows. */
export interface AggregateKind {
  readonly ordered: boolean;
  readonly window?: WindowKind;
}
