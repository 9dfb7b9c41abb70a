/**
 * `filldown columns [by columns] sort keys`: where a column is null it takes the last value before it, in the order
 * given, within its group. `filldown c sort k` means `sort k | filldown c`.
 */
import type { Column } from '../../core/protocol/types.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { columnValue, ownAggregate } from '../select/own-values.ts';
import type { SortKey } from '../select/window-frame.ts';
import { expandKeys, expandPatterns, type Pattern, parsePatterns } from './kit/column-patterns.ts';
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
  emit({ filled, by, sort }, relation) {
    const values = filled.map((column) => ({
      name: column.name,
      value: ownAggregate(column.type, [columnValue(column)], 'own/last before', [], { ordered: true }),
    }));
    return relation.window(values, { partition: by.map(columnValue), keys: sort, rows: { atMost: null } });
  },
  exactIn: (_, { title }) => ({ exact: false, why: `${title} cannot look back over nulls` }),
};
