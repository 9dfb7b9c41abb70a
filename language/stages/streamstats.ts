/**
 * `streamstats aggregate [where condition] [as name], ... [window=n] [by expression, ...] sort key, ...`: adds to every row
 * aggregates over the rows of its group up to it, in the order of `sort`; with `window=n` over the last n of them. Window
 * functions (`lag`, `rank`, ...) stand here too. The rows leave in that order; rows that are equal in it keep theirs.
 */

import { QueryError } from '../../core/protocol/errors.ts';
import type { Cursor } from '../frontends/forkline/cursor.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import type { NamedValue } from '../select/relation.ts';
import type { SortKey } from '../select/window-frame.ts';
import {
  columnsOf,
  columnsWith,
  type Item,
  parseItems,
  resolveAggregate,
  resolveKey,
} from './kit/aggregate-items.ts';
import { exactWindow } from './kit/exactness.ts';
import { parseSortKeys, resolveSortKey, type WrittenKey } from './kit/sort-keys.ts';
import type { StageDefinition } from './kit/stage.ts';

/** The parsed arguments of the stage. */
export interface Syntax {
  readonly aggregates: readonly Item[];
  readonly window: number | null;
  readonly by: readonly Item[];
  readonly sort: readonly WrittenKey[];
}

interface Resolved extends ResolvedStage {
  readonly keys: readonly NamedValue[];
  readonly values: readonly NamedValue[];
  readonly sort: readonly SortKey[];
  readonly window: number | null;
}

function parseWindow(cursor: Cursor): number | null {
  if (cursor.acceptWord('window') === null) return null;
  cursor.expectSymbol('=', 'after `window`');
  const token = cursor.peek();
  if (token.kind === 'number' && /^[1-9]\d{0,8}$/.test(token.text))
    return cursor.expectCount('a number of rows');
  throw new QueryError('wrong-arguments', '`window` is a whole number of rows, 1 or more', {
    span: { start: token.start, end: token.end },
    hint: 'write `window=10` for the row itself and the nine before it',
  });
}

const EXAMPLE = 'write `streamstats sum(delay) as running by origin sort date`';

function parseSort(cursor: Cursor): readonly WrittenKey[] {
  if (cursor.isWord('window')) cursor.refuse('`window=n` stands before `by` and `sort`', EXAMPLE);
  if (cursor.isWord('by')) cursor.refuse('`by` stands before `sort`', EXAMPLE);
  if (cursor.atStageEnd()) cursor.fail('`streamstats` needs an order: `sort key` is missing', EXAMPLE);
  if (cursor.acceptWord('sort') === null)
    cursor.fail('`sort key` is expected after what `streamstats` computes', EXAMPLE);
  if (cursor.atStageEnd()) cursor.fail('a column is missing after `sort`', EXAMPLE);
  return parseSortKeys(cursor, 'streamstats ... sort');
}

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'streamstats',
  aliases: [],
  docs: {
    syntax:
      'streamstats aggregate [where condition] [as name], ... [window=n] [by expression, ...] sort key, ...',
    summary:
      'Adds to every row aggregates over the rows of its group up to it (with `window=n` the last n of them), and window functions. The rows leave in the order of `sort`.',
    notes:
      'Rows that are equal in the order of `sort` keep the order that they had, so that every value is determined. `window=n` counts rows, the row itself among them; window functions do not heed it. Over columns and whole groups: `eventstats`.',
    examples: [
      { text: 'streamstats sum(delay) as running by origin sort date', summary: 'a running sum' },
      { text: 'streamstats avg(delay) as mean window=3 sort date, -distance', summary: 'a moving mean' },
      {
        text: 'streamstats row_number() as n, delay - lag(delay) as change by origin sort date',
        summary: 'window functions; columns may stand beside them',
      },
    ],
  },
  parse(cursor) {
    if (cursor.isWord('by', 'window', 'sort') || cursor.atStageEnd())
      cursor.fail('`streamstats` needs an aggregate', EXAMPLE);
    const aggregates = parseItems(cursor, true);
    const window = parseWindow(cursor);
    const by = cursor.acceptWord('by') === null ? [] : parseItems(cursor, false);
    const sort = parseSort(cursor);
    if (cursor.isWord('by', 'window')) parseSort(cursor);
    return { aggregates, window, by, sort };
  },
  resolve(syntax, input) {
    const keys = syntax.by.map((item) => resolveKey(item, input));
    const values = syntax.aggregates.map((item) => resolveAggregate(item, input, 'running'));
    return {
      columns: columnsWith(input.columns, values, syntax.aggregates),
      keys,
      values,
      sort: syntax.sort.map((key) => resolveSortKey(key, input)),
      window: syntax.window,
    };
  },
  columnsUsed({ keys, values, sort }, wanted) {
    const names = new Set(values.map((value) => value.name));
    const before = [...wanted].filter((name) => !names.has(name));
    return new Set([...before, ...columnsOf([...keys, ...values]), ...sort.map((key) => key.column)]);
  },
  emit: ({ keys, values, sort, window }, relation) =>
    relation.window(values, {
      partition: keys.map((key) => key.value),
      keys: sort,
      rows: { atMost: window },
    }),
  exactIn: ({ keys, values }, dialect) => exactWindow(keys, values, dialect),
  computes: ({ keys, values }) => [...keys, ...values].map(({ value }) => value),
};
