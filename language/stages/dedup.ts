/**
 * `dedup [n] columns [sort keys]`: for each combination of the columns' values the first n rows, in the order of the
 * rows; `dedup a sort k` means `sort k | dedup a`. Null is a value like any other.
 */

import { QueryError } from '../../core/protocol/errors.ts';
import type { Column } from '../../core/protocol/types.ts';
import type { Cursor } from '../frontends/forkline/cursor.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { columnValue, keepColumns, wholeNumber } from '../select/own-values.ts';
import type { SortKey } from '../select/window-frame.ts';
import { expandKeys, type Pattern, parsePatterns } from './kit/column-patterns.ts';
import { exactKeys } from './kit/exactness.ts';
import { parseSortKeys, resolveSortKey, type WrittenKey } from './kit/sort-keys.ts';
import type { StageDefinition } from './kit/stage.ts';

/** The parsed arguments of the stage. */
export interface Syntax {
  readonly count: number;
  readonly patterns: readonly Pattern[];
  readonly sort: readonly WrittenKey[];
}

interface Resolved extends ResolvedStage {
  readonly count: number;
  readonly keys: readonly Column[];
  readonly sort: readonly SortKey[];
}

function parseLeadingCount(cursor: Cursor): number {
  const token = cursor.peek();
  if (token.kind !== 'number') return 1;
  const count = cursor.expectCount('a whole number of rows');
  if (count > 0) return count;
  throw new QueryError('wrong-arguments', '`dedup` keeps 1 row of each or more', {
    span: { start: token.start, end: token.end },
    hint: 'write `dedup origin`, or `dedup 3 origin` for three of each',
  });
}

function refuseForeign(cursor: Cursor): void {
  if (cursor.isWord('sortby')) cursor.refuse('`sortby` is `sort` here', 'write `dedup host sort -time`');
  if (cursor.isWord('by'))
    cursor.refuse('`dedup` has no `by`', 'name the columns alone: `dedup host, source`');
  if (cursor.peek(1).text === '=')
    cursor.refuse(
      '`dedup` has no options',
      'null is a value like any other; to leave it out, `dropna` before',
    );
}

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'dedup',
  aliases: [],
  docs: {
    syntax: 'dedup [n] column, ... [sort [+/-]column, ...]',
    summary:
      'Keeps the first row (or the first n) of each combination of values; with `sort`, first in that order.',
    notes:
      'Null is a value like any other. `dedup a sort k` means `sort k | dedup a`, so that the rows leave in that order.',
    examples: [
      { text: 'dedup origin sort -delay', summary: 'of each origin the row with the greatest delay' },
      { text: 'dedup 2 origin', summary: 'the first two rows of each origin' },
    ],
  },
  parse(cursor) {
    const count = parseLeadingCount(cursor);
    if (cursor.atStageEnd() || (cursor.isWord('sort') && cursor.peek(1).kind !== 'end'))
      cursor.fail('`dedup` needs a column', 'write `dedup origin`; for whole rows, `distinct`');
    refuseForeign(cursor);
    const patterns = parsePatterns(cursor);
    refuseForeign(cursor);
    const sort = cursor.acceptWord('sort') === null ? [] : parseSortKeys(cursor, 'dedup ... sort');
    return { count, patterns, sort };
  },
  resolve: ({ count, patterns, sort }, input) => ({
    columns: input.columns,
    count,
    keys: expandKeys(patterns, input),
    sort: sort.map((key) => resolveSortKey(key, input)),
  }),
  columnsUsed: ({ keys, sort }, wanted) =>
    new Set([...wanted, ...keys.map(({ name }) => name), ...sort.map(({ column }) => column)]),
  emit: ({ columns, count, keys, sort }, relation) =>
    relation.firstOfEach(wholeNumber(count), keys.map(columnValue), sort).project(keepColumns(columns)),
  exactIn: ({ keys }, dialect) => exactKeys(keys, dialect),
};
