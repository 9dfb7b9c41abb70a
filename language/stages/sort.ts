/**
 * `sort [n] [+/-]column [asc/desc] [nulls first/last], ... [by expression, ...]`: orders the rows, ascending unless `-`
 * or `desc` says otherwise, nulls last in both directions. With a number it keeps that many rows, like `head` after it;
 * with `by` that many of each group, the groups mixed as the order has them. There, of equal rows those that came first stay.
 */

import type { ResolvedStage } from '../resolve/graph.ts';
import type { NamedValue } from '../select/relation.ts';
import type { SortKey } from '../select/window-frame.ts';
import { INT64 } from '../types/rules.ts';
import type { Typed } from '../types/typed.ts';
import { columnsOf, type Item, parseItems, resolveKey } from './kit/aggregate-items.ts';
import { exactGroups } from './kit/exactness.ts';
import { parseSortKeys, resolveSortKey, type WrittenKey } from './kit/sort-keys.ts';
import type { StageDefinition } from './kit/stage.ts';

/** The parsed arguments of the stage. */
export interface Syntax {
  readonly count: number | null;
  readonly keys: readonly WrittenKey[];
  readonly by: readonly Item[];
}

interface Resolved extends ResolvedStage {
  readonly keys: readonly SortKey[];
  readonly count: Typed | null;
  readonly by: readonly NamedValue[];
}

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'sort',
  aliases: [],
  docs: {
    syntax: 'sort [n] [+/-]column [asc/desc] [nulls first/last], ... [by expression, ...]',
    summary:
      'Orders the rows; nulls come last in both directions; with a number keeps the first n, with `by` those of each group.',
    notes:
      'With `by`, of rows that are equal in the order those that came first stay; the rows are ordered as a whole, not group by group.',
    examples: [
      { text: 'sort -delay, origin', summary: 'the greatest delay first, then by origin' },
      { text: 'sort 3 distance desc nulls first', summary: 'the three first' },
      { text: 'sort 1 -delay by origin', summary: 'the greatest delay of each origin' },
    ],
  },
  parse(cursor) {
    const count = cursor.peek().kind === 'number' ? cursor.expectCount('a whole number of rows') : null;
    if (cursor.isWord('order') && cursor.peek(1).lower === 'by')
      cursor.refuse('`order by` is SQL', 'write `sort -delay, origin`');
    if (cursor.isWord('by'))
      cursor.refuse(
        'the columns to sort by stand right after `sort`',
        'write `sort -delay`; for the first of each group `sort 3 -delay by origin`',
      );
    if (cursor.atStageEnd())
      cursor.fail('`sort` needs a column', 'write `sort -delay`; to keep rows only, `head 10`');
    const keys = parseSortKeys(cursor, 'sort');
    if (count === null && cursor.isWord('by'))
      cursor.refuse(
        'with `by`, `sort` needs a number: how many rows of each group',
        'write `sort 3 -delay by origin`; to order by groups, name them first: `sort origin, -delay`',
      );
    return { count, keys, by: cursor.acceptWord('by') === null ? [] : parseItems(cursor, false) };
  },
  resolve: (syntax, input, span) => ({
    columns: input.columns,
    keys: syntax.keys.map((key) => resolveSortKey(key, input)),
    count: syntax.count === null ? null : { kind: 'literal', value: String(syntax.count), type: INT64, span },
    by: syntax.by.map((item) => resolveKey(item, input)),
  }),
  columnsUsed: ({ keys, by }, wanted) =>
    new Set([...wanted, ...keys.map((key) => key.column), ...columnsOf(by)]),
  emit({ keys, count, by }, relation) {
    if (count === null) return relation.sort(keys);
    if (by.length === 0) return relation.sort(keys).limit(count);
    return relation.firstOfEach(
      count,
      by.map((entry) => entry.value),
      keys,
    );
  },
  exactIn({ by, keys, columns }, dialect) {
    const why = dialect.orderRefusal(
      columns.filter(({ name }) => keys.some(({ column }) => column === name)),
    );
    return why === null ? exactGroups(by, [], dialect) : { exact: false, why };
  },
  computes: ({ by }) => by.map(({ value }) => value),
};
