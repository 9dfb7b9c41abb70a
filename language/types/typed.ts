/**
 * Expressions after resolve: every name is a column of the stage's input, every call has found its meaning and
 * type, literals have the type that their neighbours gave them. Pure data plus one emitter a call for each dialect
 * in which the call is exact.
 */
import type { Span } from '../../core/protocol/errors.ts';
import type { ParameterKind } from '../../core/protocol/parameters.ts';
import type { ColumnType } from '../../core/protocol/types.ts';
import type { ExprType } from './rules.ts';
import { FLOAT64 } from './rules.ts';

/** What an aggregate call adds inside and after its brackets; '' where there is nothing. */
export interface AggregateText {
  /** ` ORDER BY ...`: the order that a `sort` before has established. */
  readonly order: string;
  /** ` FILTER (WHERE ...)` */
  readonly filter: string;
  /** ` OVER (...)`: the value stands on every row. */
  readonly over: string;
  /** The condition in `filter`, for what takes none; null: there is none. */
  readonly condition: string | null;
}

/**
 * Which rows a function of `streamstats` looks at. `peers`: ordered by the stage's keys alone, so that equal rows are
 * equal; `place`: by the keys and then by where the rows stood, so that no two are; `group`: likewise, all of the group.
 */
export type WindowKind = 'peers' | 'place' | 'group';

/**
 * SQL text of a call from the SQL of its arguments. Invariants: the result is bracketed or a call, so that it can
 * stand anywhere; each argument is used once, so that the text grows linearly.
 */
export type Emitter = (args: readonly string[], aggregate: AggregateText) => string;

/** A dialect in which a function is not exact has no entry. The stage engine has all of them. */
export interface Emitters {
  readonly duckdb: Emitter;
  /** Of an aggregate: as the value of a group. */
  readonly postgres?: Emitter;
  /** Of an aggregate or a window function: as a value on every row, with an OVER. */
  readonly postgresOver?: Emitter;
}

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
  readonly name: string;
  readonly args: readonly Typed[];
  readonly emitters: Emitters;
  /** Fails for no value of its arguments; absent: may-raise.ts knows by the name. */
  readonly safe?: boolean;
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

/** Is there an aggregate in it whose value depends on the order of rows? */
export function hasOrderedAggregate(typed: Typed): boolean {
  if (typed.kind !== 'call') return false;
  return typed.aggregate?.ordered === true || typed.args.some(hasOrderedAggregate);
}

/** How an aggregate or a window function sees the rows. */
export interface AggregateKind {
  readonly ordered: boolean;
  readonly window?: WindowKind;
}
