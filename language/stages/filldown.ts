/**
 * `filldown columns [by columns] sort keys`: where a column is null it takes the last value before it, in the order
 * given, within its group. `filldown c sort k` means `sort k | filldown c`.
 */
import type { Column } from '../../core/protocol/types.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { emitterIn } from '../functions/kit/emitter-in.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { columnValue, ownAggregate } from '../select/own-values.ts';
import type { Relation } from '../select/relation.ts';
import { freeNames } from '../select/select.ts';
import type { SortKey } from '../select/window-frame.ts';
import { INT64 } from '../types/rules.ts';
import type { Typed, TypedCall } from '../types/typed.ts';
import { expandKeys, expandPatterns, type Pattern, parsePatterns } from './kit/column-patterns.ts';
import { exactWindow } from './kit/exactness.ts';
import { parseSortKeys, resolveSortKey, type WrittenKey } from './kit/sort-keys.ts';
import type { StageDefinition } from './kit/stage.ts';

/** The parsed arguments of the stage. */
export interface Syntax {
  readonly filled: readonly Pattern[];
  readonly by: readonly Pattern[];
  readonly sort: readonly WrittenKey[];
}

interface Resolved extends ResolvedStage {
  readonly filled: readonly Column[];
  readonly by: readonly Column[];
  readonly sort: readonly SortKey[];
}

function lastBefore(column: Column): TypedCall {
  return ownAggregate(column.type, [columnValue(column)], 'own/last before', [], { ordered: true });
}

/** Says whether the dialect has a window function that passes over nulls. */
function looksBack({ filled }: Resolved, { name }: Dialect): boolean {
  return filled.every((column) => emitterIn(lastBefore(column), name, 'over') !== null);
}

/** The number of values up to a row: rows with the same number have the same last value before. */
function countUpTo(column: Column): Typed {
  return ownAggregate(INT64, [columnValue(column)], 'count');
}

/** The value of the first row, where rows of one number begin with the one that has a value. */
function firstOf(column: Column): Typed {
  const kind = { ordered: true, window: 'place' } as const;
  return ownAggregate(column.type, [columnValue(column)], 'first_value', [], kind);
}

function countedValues(column: Column): readonly Typed[] {
  return [countUpTo(column), firstOf(column)];
}

/** Counts the values up to each row, then gives all rows of one number the value of their first. */
function filledByCounting({ columns, filled, by, sort }: Resolved, relation: Relation): Relation {
  const names = [...new Set([...columns, ...filled].map(({ name }) => name))].filter((name) =>
    relation.has(name),
  );
  const [counts, values] = ['count', 'filled'].map((name) => freeNames(name, names, filled.length)) as [
    readonly string[],
    readonly string[],
  ];
  const numbered = relation.window(
    filled.map((column, at) => ({ name: counts[at]!, value: countUpTo(column) })),
    { partition: by.map(columnValue), keys: sort, rows: { atMost: null } },
  );
  const whole = filled.reduce((sofar, column, at) => {
    const number = columnValue({ name: counts[at]!, type: INT64 });
    const frame = { partition: [...by.map(columnValue), number], keys: [], rows: 'all' } as const;
    return sofar.window([{ name: values[at]!, value: firstOf(column) }], frame);
  }, numbered);
  return whole.project(
    names.map((name) => {
      const at = filled.findIndex((column) => column.name === name);
      return { name: at === -1 ? name : values[at]!, as: name };
    }),
  );
}

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'filldown',
  aliases: [],
  docs: {
    syntax: 'filldown column, ... [by column, ...] sort [+/-]column, ...',
    summary:
      'Puts the last value before it, in the order of `sort`, where a column is null; with `by`, of its group.',
    notes:
      '`filldown c sort k` means `sort k | filldown c`, so that the rows leave in that order. What comes before the first value stays null.',
    examples: [
      { text: 'filldown price sort date', summary: 'the last known price' },
      { text: 'filldown delay by origin sort date', summary: 'of the same origin only' },
    ],
  },
  parse(cursor) {
    const usual = 'write `filldown price sort date`';
    if (cursor.atStageEnd()) cursor.fail('`filldown` needs a column and an order', usual);
    const filled = parsePatterns(cursor);
    const by = cursor.acceptWord('by') === null ? [] : parsePatterns(cursor);
    if (cursor.atStageEnd())
      cursor.fail(
        '`filldown` needs an order',
        'say which row comes before which: `filldown price sort date`',
      );
    if (cursor.isWord('by')) cursor.refuse('`by` stands before `sort`', 'write `filldown c by g sort k`');
    if (cursor.acceptWord('sort') === null) cursor.fail('`sort` is missing', usual);
    const sort = parseSortKeys(cursor, 'filldown ... sort');
    if (cursor.isWord('by')) cursor.refuse('`by` stands before `sort`', 'write `filldown c by g sort k`');
    return { filled, by, sort };
  },
  resolve: ({ filled, by, sort }, input) => ({
    columns: input.columns,
    filled: expandPatterns(filled, input),
    by: expandKeys(by, input),
    sort: sort.map((key) => resolveSortKey(key, input)),
  }),
  columnsUsed: ({ filled, by, sort }, wanted) =>
    new Set([...wanted, ...[...filled, ...by].map(({ name }) => name), ...sort.map(({ column }) => column)]),
  emit(resolved, relation) {
    const { filled, by, sort } = resolved;
    if (!looksBack(resolved, relation.dialect)) return filledByCounting(resolved, relation);
    const values = filled.map((column) => ({ name: column.name, value: lastBefore(column) }));
    return relation.window(values, { partition: by.map(columnValue), keys: sort, rows: { atMost: null } });
  },
  exactIn(resolved, dialect) {
    const { filled, by } = resolved;
    const keys = by.map((column) => ({ name: column.name, value: columnValue(column) }));
    const values = looksBack(resolved, dialect) ? filled.map(lastBefore) : filled.flatMap(countedValues);
    return exactWindow(
      keys,
      values.map((value, index) => ({ name: String(index), value })),
      dialect,
    );
  },
};
