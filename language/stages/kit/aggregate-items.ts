/**
 * The parts that stages that aggregate have in common: `aggregate [where condition] [as name], ...` and `by expression [as name],
 * ...`, read and resolved.
 */
import { QueryError, type Span } from '../../../core/protocol/errors.ts';
import type { Column } from '../../../core/protocol/types.ts';
import type { Cursor } from '../../frontends/forkline/cursor.ts';
import { parseExpression } from '../../frontends/forkline/expression-parser.ts';
import { defaultName, parseName } from '../../frontends/forkline/names.ts';
import type { Expression } from '../../frontends/query-tree.ts';
import {
  type AggregateMode,
  columnTypeOfResult,
  resolveCondition,
  resolveExpression,
} from '../../resolve/expression.ts';
import { refuseDuplicates, type Scope } from '../../resolve/scope.ts';
import { ownCall } from '../../select/own-values.ts';
import type { NamedValue } from '../../select/relation.ts';
import { BOOL } from '../../types/rules.ts';
import { collectColumns, hasAggregate, type Typed } from '../../types/typed.ts';

/** One value of a list, as written. */
export interface Item {
  readonly value: Expression;
  readonly where: Expression | null;
  readonly name: string | null;
  readonly span: Span;
}

function parseItem(cursor: Cursor, filtered: boolean): Item {
  const start = cursor.peek().start;
  const value = parseExpression(cursor);
  const where = filtered && cursor.acceptWord('where') !== null ? parseExpression(cursor) : null;
  const name = cursor.acceptWord('as') === null ? null : parseName(cursor, 'a name').name;
  return { value, where, name, span: cursor.spanFrom(start) };
}

export function parseItems(cursor: Cursor, filtered: boolean): readonly Item[] {
  const items: Item[] = [];
  do items.push(parseItem(cursor, filtered));
  while (cursor.acceptSymbol(',') !== null);
  return items;
}

/** The parsed arguments of `stats` and `eventstats`. */
export interface AggregatesBy {
  readonly aggregates: readonly Item[];
  readonly by: readonly Item[];
}

/** `aggregate, ... [by expression, ...]`; `mend`: how to write it when there is none. */
export function parseAggregatesBy(cursor: Cursor, stage: string, mend: string): AggregatesBy {
  if (cursor.isWord('by') || cursor.atStageEnd()) cursor.fail(`\`${stage}\` needs an aggregate`, mend);
  const aggregates = parseItems(cursor, true);
  return { aggregates, by: cursor.acceptWord('by') === null ? [] : parseItems(cursor, false) };
}

export function resolveKey(item: Item, scope: Scope): NamedValue {
  const value = resolveExpression(item.value, scope);
  if (value.type.kind === 'json')
    throw new QueryError('wrong-type', 'json cannot be grouped by', {
      span: item.span,
      hint: 'group by its text: `by cast(x as string)`',
    });
  return { name: item.name ?? (value.kind === 'column' ? value.name : nameOf(item, scope)), value };
}

export function nameOf(item: Item, scope: Scope): string {
  return defaultName(scope.text.slice(item.value.span.start, item.value.span.end));
}

/**
 * `mode`: `outside` where a group becomes one row; else every row keeps its own values, and columns may stand beside
 * the aggregates.
 */
export function resolveAggregate(item: Item, scope: Scope, mode: AggregateMode = 'outside'): NamedValue {
  refuseNameBefore(item.value, scope);
  const value = resolveExpression(item.value, scope, mode);
  if (!hasAggregate(value))
    throw new QueryError('misplaced-aggregate', 'there is no aggregate in this', {
      span: item.span,
      hint: 'write `count()`, `sum(x)`, `avg(x)` or the like; what to group by stands after `by`',
    });
  const name = item.name ?? nameOf(item, scope);
  if (item.where === null) return { name, value };
  const filter = resolveCondition(item.where, scope, 'what follows `where`', 'none');
  return { name, value: withFilter(value, filter, item.where.span) };
}

/** `n = count()` would be a comparison with the column n, which nobody means. */
function refuseNameBefore(value: Expression, scope: Scope): void {
  if (value.kind !== 'call' || value.name !== '=' || value.args[0]?.kind !== 'name') return;
  const [name, aggregate] = value.args.map((arg) => scope.text.slice(arg.span.start, arg.span.end));
  throw new QueryError('syntax', 'names stand behind aggregates, not before', {
    span: value.span,
    hint: `write \`${aggregate} as ${name}\``,
  });
}

/** Returns `value` with each aggregate in it restricted to the rows for which `filter` is true. */
export function withFilter(value: Typed, filter: Typed, span: Span): Typed {
  if (value.kind !== 'call') return value;
  const { aggregate } = value;
  if (aggregate === null) return { ...value, args: value.args.map((arg) => withFilter(arg, filter, span)) };
  if (aggregate.window !== undefined)
    throw new QueryError('syntax', `\`${value.name}\` looks at rows by their place and takes no \`where\``, {
      span,
      hint: 'filter before, or use `if(condition, x, null)` as its argument',
    });
  const both = aggregate.filter === null ? filter : and(aggregate.filter, filter);
  return { ...value, aggregate: { ...aggregate, filter: both } };
}

function and(a: Typed, b: Typed): Typed {
  return ownCall(BOOL, [a, b], 'and');
}

/** The columns that `values` read. */
export function columnsOf(values: readonly NamedValue[]): Set<string> {
  const used = new Set<string>();
  for (const { value } of values) collectColumns(value, used);
  return used;
}

/** `input` with the values behind it; a name may stand there once. */
export function columnsWith(
  before: readonly Column[],
  values: readonly NamedValue[],
  items: readonly Item[],
): readonly Column[] {
  const added = values.map(({ name, value }) => ({ name, type: columnTypeOfResult(value, name) }));
  const columns = [...before, ...added];
  refuseDuplicates(
    columns,
    (index) => items[index - before.length]?.span ?? items[0]!.span,
    () => 'give one of them another name with `as`',
  );
  return columns;
}
