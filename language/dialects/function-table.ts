/**
 * The form in which a dialect says which calls it has, and their SQL: a table by the key of a call. A call that the table
 * lacks is not exact in the dialect. What is true of a function in every dialect stands in its definition (language/functions/).
 */
import type { FunctionKey } from '../types/function-keys.ts';
import type { TypedCall } from '../types/typed.ts';

/** The parts that an aggregate call adds inside and after its brackets; '' where there is nothing. */
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

/** The call that gets its SQL, with the types and constants that the SQL may depend on. */
export interface EmitSite extends AggregateText {
  readonly call: TypedCall;
}

/**
 * SQL text of a call from the SQL of its arguments. Invariants: the result is bracketed or a call, so that it can
 * stand anywhere; each argument is used once, so that the text grows linearly.
 */
export type Emitter = (args: readonly string[], site: EmitSite) => string;

export interface FunctionRow {
  readonly emit: Emitter;
  /** SQL of an aggregate with an OVER, where it is another; null: the dialect has no OVER for it. */
  readonly over?: Emitter | null;
  /** Tells the calls that are exact in the dialect; absent: all are. */
  exact?(call: TypedCall): boolean;
}

/** An emitter alone: every call is exact, for a row, a group and with an OVER. */
export type Row = Emitter | FunctionRow;

/** The table of a dialect in which some calls are exact. */
export type FunctionTable = Readonly<Partial<Record<FunctionKey, Row>>>;

/** The table of the stage engine, which has every call. */
export type CompleteTable = Readonly<Record<FunctionKey, Row>>;
