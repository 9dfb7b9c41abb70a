/**
 * Says whether a database computes values exactly as the stage engine does, and why not, for people. A call is exact there
 * when it has a text in its dialect (language/types/typed.ts); what has one is decided where functions are defined, and
 * tried by the oracle.
 */
import { type Column, typeName } from '../../../core/protocol/types.ts';
import type { SourceDialect } from '../../dialects/dialect.ts';
import { emitterIn, hasOver } from '../../functions/kit/emitter-in.ts';
import type { NamedValue } from '../../select/relation.ts';
import { mayRaise, raisesAtOnce } from '../../types/may-raise.ts';
import { innermost } from '../../types/rules.ts';
import { type Typed, type TypedCall, valueType } from '../../types/typed.ts';
import type { Exactness } from './stage.ts';

export const EXACT: Exactness = { exact: true };

/** Exact when all of `values` are. */
export function exactIf(values: readonly Typed[], dialect: SourceDialect): Exactness {
  for (const value of values) {
    const why = inexactPart(value, dialect);
    if (why !== null) return { exact: false, why };
  }
  return EXACT;
}

/** Groups by `keys` with aggregates: what is grouped by must be comparable. */
export function exactGroups(
  keys: readonly NamedValue[],
  values: readonly NamedValue[],
  dialect: SourceDialect,
): Exactness {
  const columns = keys.map(({ name, value }) => ({ name, type: valueType(value.type) }));
  const comparable = exactKeys(columns, dialect);
  return comparable.exact
    ? exactIf(
        [...keys, ...values].map(({ value }) => value),
        dialect,
      )
    : comparable;
}

/** Columns whose values are compared for equality. */
export function exactKeys(keys: readonly Column[], { comparesJson, title }: SourceDialect): Exactness {
  if (comparesJson) return EXACT;
  const json = keys.find(({ type }) => innermost(type).kind === 'json');
  if (json === undefined) return EXACT;
  return { exact: false, why: `\`${json.name}\` holds json, which ${title} does not compare` };
}

/** Exact when what a stage makes of each of the columns is; `why` says it of one that is not, for people. */
export function exactColumns(
  columns: readonly Column[],
  made: (column: Column) => Typed,
  dialect: SourceDialect,
  why: (shown: string) => string,
): Exactness {
  const wrong = columns.find((column) => !exactIf([made(column)], dialect).exact);
  if (wrong === undefined) return EXACT;
  return { exact: false, why: why(`\`${wrong.name}\` is ${typeName(wrong.type)}`) };
}

/** The first verdict that is not exact; exact when all are. */
export function exactAll(verdicts: readonly Exactness[]): Exactness {
  return verdicts.find(({ exact }) => !exact) ?? EXACT;
}

/** Lists that are made and taken apart; a dialect's own may not nest. */
export function exactLists(lists: readonly Typed[], dialect: SourceDialect): Exactness {
  if (dialect.lists === null) return { exact: false, why: `${dialect.title} has no lists` };
  const nested = lists.some(({ type }) => type.kind === 'list' && type.of.kind === 'list');
  if (nested && !dialect.nestsLists) return { exact: false, why: `${dialect.title} has no lists of lists` };
  return exactIf(lists, dialect);
}

/** Values that stand on every row. */
export function exactWindow(
  keys: readonly NamedValue[],
  values: readonly NamedValue[],
  dialect: SourceDialect,
): Exactness {
  const wrong = values.map(({ value }) => notInWindow(value, dialect)).find((name) => name !== null);
  if (wrong === undefined) return exactGroups(keys, values, dialect);
  return { exact: false, why: `\`${wrong}\` has no value row by row in ${dialect.title}` };
}

function notInWindow(typed: Typed, dialect: SourceDialect): string | null {
  if (typed.kind !== 'call') return null;
  if (typed.aggregate !== null && !hasOver(typed, dialect.name)) return typed.name;
  return typed.args.map((arg) => notInWindow(arg, dialect)).find((name) => name !== null) ?? null;
}

/**
 * The part of a condition that may be tested before the rest, and the rest: of `a and b and ...` what is exact. A part
 * that may fail goes only when all before it go, because it must not see a row that one of them drops; what never fails
 * may be tested at any time. Null when nothing is exact.
 */
export function splitCondition(condition: Typed, dialect: SourceDialect): readonly [Typed, Typed] | null {
  if (condition.kind !== 'call' || condition.key !== 'and') return null;
  const parts = condition.args.flatMap(conjuncts);
  const exact: Typed[] = [];
  const rest: Typed[] = [];
  for (const part of parts)
    (exactIf([part], dialect).exact && (rest.length === 0 || !mayRaise(part)) ? exact : rest).push(part);
  if (exact.length === 0 || rest.length === 0) return null;
  const all = (args: readonly Typed[]): Typed => ({ ...condition, args });
  return [all(exact), all(rest)];
}

function conjuncts(typed: Typed): readonly Typed[] {
  return typed.kind === 'call' && typed.key === 'and' ? typed.args.flatMap(conjuncts) : [typed];
}

function inexactPart(typed: Typed, dialect: SourceDialect): string | null {
  if (typed.kind === 'literal') return dialect.literalRefusal(typed);
  if (typed.kind !== 'call') return null;
  if (emitterIn(typed, dialect.name, 'group') === null)
    return `${shown(typed)} is not exact in ${dialect.title}`;
  if (raisesAtOnce(typed))
    return `${shown(typed)} of constants could fail in ${dialect.title} before there is a row`;
  const parts = [...typed.args, ...(typed.aggregate?.filter == null ? [] : [typed.aggregate.filter])];
  for (const part of parts) {
    const why = inexactPart(part, dialect);
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
