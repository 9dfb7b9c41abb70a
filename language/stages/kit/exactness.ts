/**
 * Whether PostgreSQL computes values exactly as the stage engine does, and why not, for people. A call is exact there
 * when it has a PostgreSQL text (language/types/typed.ts); what has one is decided where functions are defined, and tried by the oracle.
 */
import { type Column, type ColumnType, typeName } from '../../../core/protocol/types.ts';
import { emitterIn, hasOver } from '../../functions/kit/emitter-in.ts';
import type { NamedValue } from '../../select/relation.ts';
import { mayRaise, raisesAtOnce } from '../../types/may-raise.ts';
import { type Typed, type TypedCall, valueType } from '../../types/typed.ts';
import type { Exactness } from './stage.ts';

export const EXACT: Exactness = { exact: true };

/** Exact when all of `values` are. */
export function exactIf(values: readonly Typed[]): Exactness {
  for (const value of values) {
    const why = inexactPart(value);
    if (why !== null) return { exact: false, why };
  }
  return EXACT;
}

/** Groups by `keys` with aggregates: what is grouped by must be comparable. */
export function exactGroups(keys: readonly NamedValue[], values: readonly NamedValue[]): Exactness {
  const comparable = exactKeys(keys.map(({ name, value }) => ({ name, type: valueType(value.type) })));
  return comparable.exact ? exactIf([...keys, ...values].map(({ value }) => value)) : comparable;
}

/** Columns whose values are compared for equality. */
export function exactKeys(keys: readonly Column[]): Exactness {
  const json = keys.find(({ type }) => innermost(type).kind === 'json');
  if (json === undefined) return EXACT;
  return { exact: false, why: `\`${json.name}\` holds json, which PostgreSQL does not compare` };
}

/** Lists that are made and taken apart: in PostgreSQL one of lists would be an array of two dimensions. */
export function exactLists(lists: readonly Typed[]): Exactness {
  const nested = lists.some(({ type }) => type.kind === 'list' && type.of.kind === 'list');
  return nested ? { exact: false, why: 'PostgreSQL has no lists of lists' } : exactIf(lists);
}

/** Values that stand on every row. */
export function exactWindow(keys: readonly NamedValue[], values: readonly NamedValue[]): Exactness {
  const wrong = values.map(({ value }) => notInWindow(value)).find((name) => name !== null);
  if (wrong === undefined) return exactGroups(keys, values);
  return { exact: false, why: `\`${wrong}\` has no value row by row in PostgreSQL` };
}

function notInWindow(typed: Typed): string | null {
  if (typed.kind !== 'call') return null;
  if (typed.aggregate !== null && !hasOver(typed, 'postgres')) return typed.name;
  return typed.args.map(notInWindow).find((name) => name !== null) ?? null;
}

function innermost(type: ColumnType): ColumnType {
  return type.kind === 'list' ? innermost(type.of) : type;
}

/**
 * The part of a condition that may be tested before the rest, and the rest: of `a and b and ...` what is exact. A part
 * that may fail goes only when all before it go, because it must not see a row that one of them drops; what never fails
 * may be tested at any time. Null when nothing is exact.
 */
export function splitCondition(condition: Typed): readonly [Typed, Typed] | null {
  if (condition.kind !== 'call' || condition.name !== 'and') return null;
  const parts = condition.args.flatMap(conjuncts);
  const exact: Typed[] = [];
  const rest: Typed[] = [];
  for (const part of parts)
    (exactIf([part]).exact && (rest.length === 0 || !mayRaise(part)) ? exact : rest).push(part);
  if (exact.length === 0 || rest.length === 0) return null;
  const all = (args: readonly Typed[]): Typed => ({ ...condition, args });
  return [all(exact), all(rest)];
}

function conjuncts(typed: Typed): readonly Typed[] {
  return typed.kind === 'call' && typed.name === 'and' ? typed.args.flatMap(conjuncts) : [typed];
}

function inexactPart(typed: Typed): string | null {
  if (typed.kind === 'literal')
    return typeof typed.value === 'string' && typed.value.includes('\0')
      ? 'PostgreSQL has no text with the character 0 in it'
      : null;
  if (typed.kind !== 'call') return null;
  if (emitterIn(typed, 'postgres', 'group') === null) return `${shown(typed)} is not exact in PostgreSQL`;
  if (raisesAtOnce(typed))
    return `${shown(typed)} of constants could fail in PostgreSQL before there is a row`;
  const parts = [...typed.args, ...(typed.aggregate?.filter == null ? [] : [typed.aggregate.filter])];
  for (const part of parts) {
    const why = inexactPart(part);
    if (why !== null) return why;
  }
  return null;
}

function shown({ name, args, type }: TypedCall): string {
  if (name === 'cast') return `the cast from ${kindOf(args[0]!)} to ${kindOf({ type })}`;
  return name === 'own' ? 'a part of it' : `\`${name}\``;
}

function kindOf({ type }: Pick<Typed, 'type'>): string {
  return type.kind === 'null' ? 'null' : typeName(type);
}
