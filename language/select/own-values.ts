/** Typed expressions that stages make themselves, beside those that users write. */
import type { Column, ColumnType } from '../../core/protocol/types.ts';
import type { DialectName, ListSql, StageEngineDialect } from '../dialects/dialect.ts';
import { DIALECT_NAMES, STAGE_ENGINE } from '../dialects/registry.ts';
import { BOOL, type ExprType, INT64, STRING } from '../types/rules.ts';
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
  return Object.fromEntries(DIALECT_NAMES.map((name) => [name, emit])) as Record<DialectName, Emitter>;
}

function stageEngineOnly(emit: Emitter): Emitters {
  return { [STAGE_ENGINE.name]: emit } as Record<StageEngineDialect['name'], Emitter>;
}

/** A call with this SQL, which never fails; `args` are all the columns that it reads. An emitter alone is the stage engine's. */
export function ownCall(type: ExprType, args: readonly Typed[], emit: Emitter | Emitters): TypedCall {
  const emitters = typeof emit === 'function' ? stageEngineOnly(emit) : emit;
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
export function constantTexts(values: readonly string[], { lists }: WithLists): Typed {
  return ownCall(
    { kind: 'list', of: STRING },
    [],
    everywhere(() => lists.ofTexts(values)),
  );
}

/** The arguments, of one type, as a list. */
export function listOfArguments(type: ColumnType, args: readonly Typed[], { lists }: WithLists): Typed {
  return ownCall({ kind: 'list', of: type }, args, everywhere(lists.of));
}

/** What a relation knows of the lists of its dialect. */
interface WithLists {
  readonly lists: ListSql;
}
