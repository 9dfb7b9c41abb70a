/** Typed expressions that stages make themselves, beside those that users write. */
import type { Column } from '../../core/protocol/types.ts';
import { quoteText } from '../dialects/duckdb/sql.ts';
import { BOOL, type ExprType, INT64 } from '../types/rules.ts';
import type { AggregateKind, Emitter, Emitters, Typed, TypedCall } from '../types/typed.ts';

/** Where nobody will look: what a stage makes itself is always right. */
const NOWHERE = { start: 0, end: 0 };

export function columnValue({ name, type }: Column): Typed {
  return { kind: 'column', name, type, span: NOWHERE };
}

export function wholeNumber(value: number): Typed {
  return { kind: 'literal', value: String(value), type: INT64, span: NOWHERE };
}

/** The same text in every dialect. */
export function everywhere(emit: Emitter): Emitters {
  return { duckdb: emit, postgres: emit };
}

/** A call with this SQL, which never fails; `args` are all the columns that it reads. An emitter alone is the stage engine's. */
export function ownCall(type: ExprType, args: readonly Typed[], emit: Emitter | Emitters): TypedCall {
  const emitters = typeof emit === 'function' ? { duckdb: emit } : emit;
  return { kind: 'call', name: 'own', type, span: NOWHERE, args, emitters, safe: true, aggregate: null };
}

/** The same for an aggregate, or a window function. */
export function ownAggregate(
  type: ExprType,
  args: readonly Typed[],
  emit: Emitter | Emitters,
  kind: AggregateKind = { ordered: false },
): TypedCall {
  return { ...ownCall(type, args, emit), aggregate: { ...kind, filter: null } };
}

/** Number of rows. */
export function countRows(): TypedCall {
  return ownAggregate(
    INT64,
    [],
    everywhere((_, { filter, over }) => `count(*)${filter}${over}`),
  );
}

/** `a <= n`, for a column of whole numbers. */
export function atMost(column: string, count: Typed): Typed {
  const number = columnValue({ name: column, type: INT64 });
  return ownCall(
    BOOL,
    [number, count],
    everywhere(([a, b]) => `(${a} <= ${b})`),
  );
}

export function keepColumns(columns: readonly Column[]): readonly { name: string; as: string }[] {
  return columns.map(({ name }) => ({ name, as: name }));
}

/** A list of texts that are known. */
export function constantTexts(values: readonly string[]): Emitters {
  const texts = values.map(quoteText).join(', ');
  return { duckdb: () => `[${texts}]`, postgres: () => `CAST(ARRAY[${texts}] AS text[])` };
}

/** The arguments, of one type, as a list. */
export const listOfArguments: Emitters = {
  duckdb: (args) => `[${args.join(', ')}]`,
  postgres: (args) => `ARRAY[${args.join(', ')}]`,
};
