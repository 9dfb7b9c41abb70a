/**
 * `sort [n] [+/-]column [asc/desc] [nulls first/last], ...`: orders the rows, ascending unless `-` or `desc` says
 * otherwise, nulls last in both directions. With a number it keeps that many rows, like `head` after it.
 */
import { QueryError } from '../../workers/errors.ts';
import type { Cursor } from '../cursor.ts';
import { parseName } from '../names.ts';
import type { SortKey } from '../relation.ts';
import { getColumn, type Scope, type WrittenName } from '../scope.ts';
import { NOT_PLACED_YET, type ResolvedStage, type StageDefinition } from '../stage.ts';
import { INT64 } from '../type-rules.ts';
import type { Typed } from '../typed.ts';

interface Key {
  readonly column: WrittenName;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

interface Syntax {
  readonly count: number | null;
  readonly keys: readonly Key[];
}

interface Resolved extends ResolvedStage {
  readonly keys: readonly SortKey[];
  readonly count: Typed | null;
}

function parseKey(cursor: Cursor): Key {
  const sign = cursor.acceptSymbol('-', '+');
  const column = parseName(cursor, 'the name of a column');
  if (cursor.isSymbol('(', '+', '*', '/', '||'))
    cursor.refuse('`sort` takes columns', 'compute it before: `eval key = ... | sort key`');
  const word = cursor.acceptWord('asc', 'desc');
  if (sign !== null && word !== null)
    throw new QueryError('syntax', `\`${sign.text}\` and \`${word.text}\` say the direction twice`, {
      span: { start: sign.start, end: word.end },
      hint: 'keep one of them',
    });
  const descending = sign?.text === '-' || word?.lower === 'desc';
  if (cursor.acceptWord('nulls') === null) return { column, descending, nullsFirst: false };
  const place = cursor.acceptWord('first', 'last') ?? cursor.fail('after `nulls` stands `first` or `last`');
  return { column, descending, nullsFirst: place.lower === 'first' };
}

function resolveKey(key: Key, input: Scope): SortKey {
  const column = getColumn(input, key.column);
  if (column.type.kind === 'json' || column.type.kind === 'list')
    throw new QueryError('wrong-type', `\`${column.name}\` is ${column.type.kind}, which has no order`, {
      span: key.column.span,
      hint: 'make a key of it before with `eval`',
    });
  return { column: column.name, descending: key.descending, nullsFirst: key.nullsFirst };
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
    const keys: Key[] = [];
    do keys.push(parseKey(cursor));
    while (cursor.acceptSymbol(',') !== null);
    return { count, keys };
  },
  resolve: (syntax, input, span) => ({
    columns: input.columns,
    keys: syntax.keys.map((key) => resolveKey(key, input)),
    count: syntax.count === null ? null : { kind: 'literal', value: String(syntax.count), type: INT64, span },
  }),
  columnsUsed: ({ keys }, wanted) => new Set([...wanted, ...keys.map((key) => key.column)]),
  emit({ keys, count }, relation) {
    const sorted = relation.sort(keys);
    return count === null ? sorted : sorted.limit(count);
  },
  exactInPostgres: () => NOT_PLACED_YET,
};
