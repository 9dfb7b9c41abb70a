/** Commands that choose, name, sort and count rows and columns. */

import { QueryError, type Span } from '../../../core/protocol/errors.ts';
import type { Column } from '../../../core/protocol/types.ts';
import { quoteName } from '../../dialects/quoting.ts';
import { columnKey } from '../../types/column-key.ts';
import type { WrittenName } from '../query-tree.ts';
import { command, type LowerContext } from './command.ts';
import { type LegacyExpression, parseCondition } from './condition.ts';
import { ownScope, writeExpression } from './condition-text.ts';
import type { LegacyCursor } from './cursor.ts';
import { engine, ROW, stages } from './engine-text.ts';

export function conditionText(condition: LegacyExpression, context: LowerContext): string {
  return writeExpression(
    condition,
    ownScope(context.columns, (name) => context.column(name)),
  );
}

export const WHERE = command<LegacyExpression>({
  names: ['where'],
  form: 'where CONDITION',
  summary: 'Keeps the rows for which the condition is true.',
  parse: (cursor) => parseCondition(cursor),
  lower: (condition, context) => [stages(`where ${conditionText(condition, context)}`)],
});

export const SEARCH = command<LegacyExpression | null>({
  names: ['search'],
  form: 'search [*] [CONDITION or words]',
  summary:
    'Keeps the rows for which all conditions side by side are true; a word is looked for in all text columns.',
  parse(cursor: LegacyCursor) {
    cursor.acceptSign('*');
    return cursor.atEnd ? null : parseCondition(cursor, true);
  },
  lower: (condition, context) =>
    condition === null ? [] : [stages(`where ${conditionText(condition, context)}`)],
});

interface Fields {
  readonly drop: boolean;
  readonly items: readonly {
    readonly name: WrittenName | null;
    readonly prefix: boolean;
    readonly as: string | null;
  }[];
}

/** A name that may have blanks without quotes, where a comma ends it; `*` at its end stands for any letters. */
function fieldItem(cursor: LegacyCursor): Fields['items'][number] {
  if (cursor.acceptSign('*')) return { name: null, prefix: true, as: null };
  let name = cursor.name();
  if (!name.quoted)
    while (cursor.peek().kind === 'word' && !cursor.isWord('as')) {
      const { end } = cursor.next();
      const span = { start: name.span.start, end };
      name = { name: cursor.text.slice(span.start, end), quoted: true, span };
    }
  const prefix = cursor.isSign('*') && cursor.peek().start === name.span.end;
  if (prefix) cursor.next();
  return { name, prefix, as: cursor.alias() };
}

function fieldColumns({ name, prefix }: Fields['items'][number], context: LowerContext): readonly Column[] {
  if (name === null) return context.columns;
  if (!prefix) return [context.column(name)];
  const begins = name.name.toLowerCase();
  return context.columns.filter((column) => column.name.toLowerCase().startsWith(begins));
}

function noColumns(span: Span, message: string): QueryError {
  return new QueryError('unknown-column', message, {
    span,
    hint: 'keep at least one column: `fields name, ...`',
  });
}

export const FIELDS = command<Fields>({
  names: ['fields'],
  form: 'fields [+|-] name [AS new], ...',
  summary: 'Keeps the columns in this order, or with - drops them.',
  parse(cursor: LegacyCursor) {
    const drop = cursor.acceptSign('-');
    if (!drop) cursor.acceptSign('+');
    const items = [fieldItem(cursor)];
    while (cursor.acceptSign(',')) items.push(fieldItem(cursor));
    return { drop, items };
  },
  lower({ drop, items }, context) {
    const named = items.flatMap((item) =>
      fieldColumns(item, context).map(({ name }) => ({ name, as: item.as })),
    );
    const { span } = context;
    if (drop) {
      const kept = context.columns.filter(({ name }) => named.every((item) => item.name !== name));
      if (kept.length === 0) throw noColumns(span, '`fields -` drops every column');
      return [stages(`fields ${kept.map(({ name }) => quoteName(name)).join(', ')}`)];
    }
    const once = named.filter(({ name }, index) => named.findIndex((item) => item.name === name) === index);
    if (once.length === 0) throw noColumns(span, 'no column has a name that begins so');
    const renamed = once.filter(({ name, as }) => as !== null && as !== name);
    const rename = renamed.map(({ name, as }) => `${quoteName(name)} as ${quoteName(as!)}`);
    const chosen = stages(`fields ${once.map(({ name }) => quoteName(name)).join(', ')}`);
    return rename.length === 0 ? [chosen] : [chosen, stages(`rename ${rename.join(', ')}`)];
  },
});

type Pairs = readonly { readonly from: WrittenName; readonly to: string }[];

export const RENAME = command<Pairs>({
  names: ['rename'],
  form: 'rename old new, ...',
  summary: 'Gives columns new names in their places.',
  parse(cursor: LegacyCursor) {
    const pairs: { from: WrittenName; to: string }[] = [];
    do {
      const from = cursor.name();
      cursor.acceptWord('as');
      pairs.push({ from, to: cursor.name('the new name').name });
    } while (cursor.acceptSign(','));
    return pairs;
  },
  lower: (pairs, context) => {
    const changed = pairs.map(({ from, to }) => ({ name: context.column(from).name, to }));
    const items = changed.filter(({ name, to }) => name !== to);
    if (items.length === 0) return [];
    return [
      stages(`rename ${items.map(({ name, to }) => `${quoteName(name)} as ${quoteName(to)}`).join(', ')}`),
    ];
  },
});

export const DISTINCT = command<readonly WrittenName[] | null>({
  names: ['distinct'],
  form: 'distinct c, ... | *',
  summary: 'Keeps only these columns, and each combination of their values once.',
  parse: (cursor) => (cursor.acceptSign('*') ? null : cursor.names()),
  lower: (names, context) => {
    const columns = names === null ? context.columns : names.map((name) => context.column(name));
    return [stages(`fields ${columns.map(({ name }) => quoteName(name)).join(', ')} | distinct`)];
  },
});

export const COUNT = command<null>({
  names: ['count'],
  form: 'count',
  summary: 'One row with the number of rows.',
  parse: () => null,
  lower: () => [stages('stats count() as "count"')],
});

export const VALUE_COUNTS = command<WrittenName>({
  names: ['value_counts'],
  form: 'value_counts c',
  summary: 'How often each value comes, the most frequent first; nulls are left out.',
  parse: (cursor) => cursor.name(),
  lower(name, context) {
    const column = quoteName(context.column(name).name);
    return [stages(`where ${column} is not null | stats count() as "count" by ${column} | sort -"count"`)];
  },
});

interface SortItem {
  readonly name: WrittenName;
  readonly descending: boolean;
}

function sortItems(cursor: LegacyCursor): readonly SortItem[] {
  const items: SortItem[] = [];
  do {
    const descending = cursor.acceptSign('-');
    if (!descending) cursor.acceptSign('+');
    const name = cursor.name();
    const word = cursor.acceptWord('asc', 'desc');
    items.push({ name, descending: descending || word === 'desc' });
  } while (cursor.acceptSign(','));
  return items;
}

/** Writes the keys of a sort. Null is the least value: first when ascending, last when descending. */
function sortKeys(items: readonly SortItem[], context: LowerContext): string {
  return items
    .map(({ name, descending }) => {
      const column = quoteName(context.column(name).name);
      return descending ? `${column} desc nulls last` : `${column} asc nulls first`;
    })
    .join(', ');
}

interface Sort {
  readonly count: number | null;
  readonly items: readonly SortItem[];
  readonly by: readonly SortItem[];
}

export const SORT = command<Sort>({
  names: ['sort'],
  form: 'sort [n] [+|-]c, ... [BY [+|-]g, ...]',
  summary: 'Sorts; null is the least value; with BY the rows come group by group.',
  parse(cursor: LegacyCursor) {
    const count = cursor.peek().kind === 'number' ? cursor.whole() : null;
    const items = sortItems(cursor);
    return { count, items, by: cursor.acceptWord('by') === null ? [] : sortItems(cursor) };
  },
  lower({ count, items, by }, context) {
    const keys = sortKeys([...by, ...items], context);
    if (count === null) return [stages(`sort ${keys}`)];
    if (by.length === 0) return [stages(`sort ${count} ${keys}`)];
    const groups = by.map(({ name }) => quoteName(context.column(name).name));
    const first = stages(`sort ${count} ${sortKeys(items, context)} by ${groups.join(', ')}`);
    return [first, stages(`sort ${keys}`)];
  },
});

export const TOP = command<Sort>({
  names: ['top'],
  form: 'top [n] [+|-]c',
  summary: 'Sorts and keeps the first n rows.',
  parse(cursor: LegacyCursor) {
    const count = cursor.peek().kind === 'number' ? cursor.whole() : null;
    return { count, items: sortItems(cursor), by: [] };
  },
  lower: ({ count, items }, context) => [
    stages(`sort ${count === null ? '' : `${count} `}${sortKeys(items, context)}`),
  ],
});

export const HEAD = command<number>({
  names: ['head'],
  form: 'head n',
  summary: 'Keeps the first n rows.',
  parse: (cursor) => cursor.whole(),
  lower: (count) => [stages(`head ${count}`)],
});

export const NUMBERING = command<string>({
  names: ['numbering'],
  form: 'numbering [name]',
  summary: 'Numbers the rows from 1, in a first column.',
  parse: (cursor) => (cursor.atEnd ? 'ID' : cursor.name('a name').name),
  lower: (name, { columns, span }) => {
    const taken = columns.find((column) => columnKey(column.name) === columnKey(name));
    if (taken !== undefined)
      throw new QueryError('duplicate-column', `there is a column \`${taken.name}\` already`, {
        span,
        hint: 'name the new one: `numbering row_number`',
      });
    const kept = columns.map((column) => quoteName(column.name));
    // Rows that are equal in the order of `streamstats` keep theirs, so that a constant numbers them as they come.
    const numbered = `streamstats row_number() as ${quoteName(name)} sort ${CONSTANT}`;
    const before = `fields ${kept.join(', ')} | eval ${CONSTANT} = 1`;
    return [stages(`${before} | ${numbered} | fields ${[quoteName(name), ...kept].join(', ')}`)];
  },
});

/** A column that has the same value in every row. */
const CONSTANT = '"__same"';

export const SAMPLING = command<number>({
  names: ['sampling'],
  form: 'sampling COUNT|RATIO x',
  summary: 'Takes rows by chance: so many, or that part of them.',
  parse(cursor: LegacyCursor) {
    const how = cursor.acceptWord('count', 'ratio');
    if (how === null) cursor.fail('COUNT or RATIO is expected');
    const token = cursor.peek();
    const value = Number(cursor.number());
    const fits = value >= 0 && (value < 1 || Number.isSafeInteger(value));
    if (!fits) cursor.failAt(token, 'a whole number of rows, or a part below 1 is expected');
    return value;
  },
  lower(value, { columns }) {
    const items = columns.map(({ name }) => quoteName(name)).join(', ');
    const count =
      value > 0 && value < 1
        ? `(select cast(round(${value} * count(*)) as bigint) from input)`
        : String(value);
    const chosen = `select *, row_number() over (order by random()) as chosen from input`;
    return [
      { ...engine(`select ${items}, ${ROW} from (${chosen}) where chosen <= ${count}`), ordered: true },
    ];
  },
});
