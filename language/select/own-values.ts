/** Typed expressions that stages make themselves, beside those that users write. */
import type { Column } from '../../core/protocol/types.ts';
import type { FunctionKey } from '../types/function-keys.ts';
import { BOOL, type ExprType, INT64, STRING } from '../types/rules.ts';
import { type AggregateKind, type Typed, type TypedCall, valueType } from '../types/typed.ts';

/** The span of values that a stage makes itself: they are never wrong, so that no error points at them. */
const NOWHERE = { start: 0, end: 0 };

export function columnValue({ name, type }: Column): Typed {
  return { kind: 'column', name, type, span: NOWHERE };
}

export function wholeNumber(value: number): Typed {
  return { kind: 'literal', value: String(value), type: INT64, span: NOWHERE };
}

export function textLiteral(value: string): Typed {
  return { kind: 'literal', value, type: STRING, span: NOWHERE };
}

/** A call, which never fails; `args` are all the columns that it reads. */
export function ownCall(
  type: ExprType,
  args: readonly Typed[],
  key: FunctionKey,
  constants: readonly string[] = [],
): TypedCall {
  return {
    kind: 'call',
    name: 'own',
    key,
    constants,
    type,
    span: NOWHERE,
    args,
    safe: true,
    comparison: false,
    aggregate: null,
  };
}

/** Makes a call of an aggregate or of a window function. */
export function ownAggregate(
  type: ExprType,
  args: readonly Typed[],
  key: FunctionKey,
  constants: readonly string[] = [],
  kind: AggregateKind = { ordered: false },
): TypedCall {
  return { ...ownCall(type, args, key, constants), aggregate: { ...kind, filter: null } };
}

/** Number of rows. */
export function countRows(): TypedCall {
  return ownAggregate(INT64, [], 'count/rows');
}

/** `a <= n`, for a column of whole numbers. */
export function atMost(column: string, count: Typed): Typed {
  const number = columnValue({ name: column, type: INT64 });
  return ownCall(BOOL, [number, count], '<=');
}

export function keepColumns(columns: readonly Column[]): readonly { name: string; as: string }[] {
  return columns.map(({ name }) => ({ name, as: name }));
}

/** A list of texts that are known. */
export function constantTexts(values: readonly string[]): Typed {
  return ownCall({ kind: 'list', of: STRING }, [], 'own/texts', values);
}

/** The values, of one type, as a list. */
export function listOfValues(values: readonly Typed[], type: ExprType): Typed {
  return ownCall({ kind: 'list', of: valueType(type) }, values, 'own/list');
}
