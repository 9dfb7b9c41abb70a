/**
 * `filldown columns [by columns] sort keys`: where a column is null it takes the last value before it, in the order
 * given, within its group. `filldown c sort k` means `sort k | filldown c`.
 */
import { expandKeys, expandPatterns, type Pattern, parsePatterns } from '../column-patterns.ts';
import { columnValue, keepColumns, ownCall } from '../own-values.ts';
import type { SortKey } from '../relation.ts';
import { parseSortKeys, resolveSortKey, type WrittenKey } from '../sort-keys.ts';
import { NOT_PLACED_YET, type ResolvedStage, type StageDefinition } from '../stage.ts';
import { INT64 } from '../type-rules.ts';
import type { Column } from '../types.ts';

interface Syntax {
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
    const sort = parseSortKeys(cursor);
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
  emit({ columns, filled, by, sort }, relation) {
    const row = relation.freeName('row');
    const around = [...by, { name: row, type: INT64 }].map(columnValue);
    const values = filled.map((column) => ({
      name: column.name,
      value: ownCall(column.type, [columnValue(column), ...around], ([value, ...rest]) => {
        const partition = by.length === 0 ? '' : `PARTITION BY ${rest.slice(0, -1).join(', ')} `;
        return `last_value(${value} IGNORE NULLS) OVER (${partition}ORDER BY ${rest.at(-1)} ROWS UNBOUNDED PRECEDING)`;
      }),
    }));
    return relation.sort(sort).number(row).window(values).project(keepColumns(columns));
  },
  exactInPostgres: () => NOT_PLACED_YET,
};
