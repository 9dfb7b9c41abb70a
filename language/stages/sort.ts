/**
 * `sort [n] [+/-]column [asc/desc] [nulls first/last], ...`: orders the rows, ascending unless `-` or `desc` says
 * otherwise, nulls last in both directions. With a number it keeps that many rows, like `head` after it.
 */
import type { SortKey } from '../relation.ts';
import { parseSortKeys, resolveSortKey, type WrittenKey } from '../sort-keys.ts';
import { NOT_PLACED_YET, type ResolvedStage, type StageDefinition } from '../stage.ts';
import { INT64 } from '../type-rules.ts';
import type { Typed } from '../typed.ts';

interface Syntax {
  readonly count: number | null;
  readonly keys: readonly WrittenKey[];
}

interface Resolved extends ResolvedStage {
  readonly keys: readonly SortKey[];
  readonly count: Typed | null;
}

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'sort',
  aliases: [],
  docs: {
    syntax: 'sort [n] [+/-]column [asc/desc] [nulls first/last], ...',
    summary: 'Orders the rows; nulls come last in both directions; with a number keeps the first n.',
    examples: [
      { text: 'sort -delay, origin', summary: 'the greatest delay first, then by origin' },
      { text: 'sort 3 distance desc nulls first', summary: 'the three first' },
    ],
  },
  parse(cursor) {
    const count = cursor.peek().kind === 'number' ? cursor.expectCount('a whole number of rows') : null;
    if (cursor.atStageEnd())
      cursor.fail('`sort` needs a column', 'write `sort -delay`; to keep rows only, `head 10`');
    return { count, keys: parseSortKeys(cursor) };
  },
  resolve: (syntax, input, span) => ({
    columns: input.columns,
    keys: syntax.keys.map((key) => resolveSortKey(key, input)),
    count: syntax.count === null ? null : { kind: 'literal', value: String(syntax.count), type: INT64, span },
  }),
  columnsUsed: ({ keys }, wanted) => new Set([...wanted, ...keys.map((key) => key.column)]),
  emit({ keys, count }, relation) {
    const sorted = relation.sort(keys);
    return count === null ? sorted : sorted.limit(count);
  },
  exactInPostgres: () => NOT_PLACED_YET,
};
