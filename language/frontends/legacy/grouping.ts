/** `stats`, `pivot` and the `adv` commands that feed charts with the same. */

import { QueryError } from '../../../core/protocol/errors.ts';
import type { Column } from '../../../core/protocol/types.ts';
import { quoteName, quoteText } from '../../dialects/quoting.ts';
import type { WrittenName } from '../query-tree.ts';
import { conditionText } from './choosing.ts';
import { command, type LowerContext, type Step } from './command.ts';
import { type LegacyExpression, parseCondition } from './condition.ts';
import type { LegacyCursor } from './cursor.ts';
import { asText, engine, ROW, stages } from './engine-text.ts';
import {
  aggregateText,
  callText,
  countsToZero,
  groupText,
  type LegacyCall,
  type LegacyGroup,
  parseCall,
  parseCalls,
  parseGroups,
} from './functions.ts';

interface Stats {
  readonly calls: readonly LegacyCall[];
  readonly by: readonly LegacyGroup[];
}

function statsName({ of, bin, as }: LegacyGroup, context: LowerContext): string {
  return as ?? (bin === null ? context.column(of).name : 'dategroup');
}

export const STATS = command<Stats>({
  names: ['stats'],
  form: 'stats f(x) [AS n], ... [BY g, ...]',
  summary: 'Aggregates, of each group.',
  parse: (cursor) => ({
    calls: parseCalls(cursor),
    by: cursor.acceptWord('by') === null ? [] : parseGroups(cursor),
  }),
  lower({ calls, by }, context) {
    const values = calls.map((call) => ({ name: call.as ?? call.text, call }));
    if (by.some(({ bin }) => bin !== null)) {
      const keys = by.map((group) => `${groupText(group, context)} as ${quoteName(statsName(group, context))}`);
      const items = values.map(({ name, call }) => `${callText(call, context)} as ${quoteName(name)}`);
      const groups = ` group by ${by.map((_, index) => index + 1).join(', ')}`;
      return [engine(`select ${[...keys, ...items].join(', ')} from input${groups}`)];
    }
    const items = values.map(({ name, call }) => `${aggregateText(call, context)} as ${quoteName(name)}`);
    const keys = by.map(({ of, as }) => keyText(of, as, context));
    return [stages(`stats ${items.join(', ')}${keys.length === 0 ? '' : ` by ${keys.join(', ')}`}`)];
  },
});

function keyText(of: WrittenName, as: string | null, context: LowerContext): string {
  const { name } = context.column(of);
  return as === null || as === name ? quoteName(name) : `${quoteName(name)} as ${quoteName(as)}`;
}

type Order = { readonly by: 'value' | 'week' | 'month' | 'season'; readonly descending: boolean };

export interface Pivot {
  readonly calls: readonly LegacyCall[];
  readonly rows: readonly LegacyGroup[];
  readonly column: WrittenName | null;
  readonly filter: LegacyExpression | null;
  readonly columns: number | null;
  readonly sortRows: Order | null;
  readonly sortColumns: Order | null;
}

function parseOrder(cursor: LegacyCursor): Order {
  const by = (cursor.acceptWord('week', 'month', 'season') ?? 'value') as Order['by']; // one of these words
  const word = cursor.acceptWord('asc', 'desc');
  if (word === null && by === 'value') cursor.fail('ASC, DESC, WEEK, MONTH or SEASON is expected');
  return { by, descending: word === 'desc' };
}

function parsePivot(cursor: LegacyCursor, calls = parseCalls(cursor)): Pivot {
  let pivot: Pivot = {
    calls,
    rows: [],
    column: null,
    filter: null,
    columns: null,
    sortRows: null,
    sortColumns: null,
  };
  while (!cursor.atEnd) {
    const word = cursor.acceptWord('splitrow', 'splitcol', 'filter', 'colsize', 'sortrow', 'sortcol', 'sort');
    if (word === null) cursor.fail('SPLITROW, SPLITCOL, FILTER, COLSIZE, SORTROW or SORTCOL is expected');
    if (word === 'splitrow') pivot = { ...pivot, rows: parseGroups(cursor) };
    else if (word === 'splitcol') pivot = { ...pivot, column: cursor.name() };
    else if (word === 'filter') pivot = { ...pivot, filter: parseCondition(cursor) };
    else if (word === 'colsize') pivot = { ...pivot, columns: cursor.whole() };
    else if (word === 'sortcol') pivot = { ...pivot, sortColumns: parseOrder(cursor) };
    else pivot = { ...pivot, sortRows: parseOrder(cursor) };
  }
  return pivot;
}

const ORDERS: Readonly<Record<Exclude<Order['by'], 'value'>, readonly (readonly string[])[]>> = {
  week: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'].map((day) => [
    day,
    day.slice(0, 3),
  ]),
  month: [
    ['january', 'jan'],
    ['february', 'feb'],
    ['march', 'mar'],
    ['april', 'apr'],
    ['may'],
    ['june'],
    ['july'],
    ['august', 'aug'],
    ['september', 'sept', 'sep'],
    ['october', 'oct'],
    ['november', 'nov'],
    ['december', 'dec'],
  ],
  season: [['spring'], ['summer'], ['fall', 'autumn'], ['winter']],
};

function placeOfName(text: string, by: Exclude<Order['by'], 'value'>): number | null {
  const place = ORDERS[by].findIndex((names) => names.includes(text.toLowerCase()));
  return place === -1 ? null : place;
}

/** The place of a name among those of weekdays, months or seasons; null for others. */
function placeText(by: Exclude<Order['by'], 'value'>, name: string): string {
  const of = `lower(cast(${name} as varchar))`;
  const whens = ORDERS[by].flatMap((names, place) => names.map((text) => `when ${of} = '${text}' then ${place}`));
  return `case ${whens.join(' ')} end`;
}

/** The keys of ORDER BY for one column; names that are not known come last. */
function orderText(order: Order, name: string): string {
  const direction = order.descending ? 'desc nulls last' : 'asc nulls first';
  if (order.by === 'value') return `${name} ${direction}`;
  return `${placeText(order.by, name)} ${order.descending ? 'desc' : 'asc'} nulls last, ${name} ${direction}`;
}

function compareNames(order: Order): (one: string, other: string) => number {
  const plain = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
  const sign = order.descending ? -1 : 1;
  const { by } = order;
  if (by === 'value') return (one, other) => sign * plain(one, other);
  return (one, other) => {
    const [a, b] = [placeOfName(one, by), placeOfName(other, by)];
    if (a !== null && b !== null) return sign * (a - b);
    return a === null && b === null ? plain(one, other) : a === null ? 1 : -1;
  };
}

const MOST_COLUMNS = 1000;

/** The values that become columns, in their order. */
function pivotValues(pivot: Pivot, column: Column, context: LowerContext): readonly string[] {
  const filter = pivot.filter === null ? '' : ` where ${conditionText(pivot.filter, context)}`;
  const found = context.probe(`select distinct ${valueText(column)} as value from input${filter}`);
  if (found.length > MOST_COLUMNS)
    throw new QueryError('wrong-arguments', `\`${column.name}\` has more than ${MOST_COLUMNS} values`, {
      span: pivot.column!.span,
      hint: 'take fewer with `where` or COLSIZE',
    });
  const sorted = [...found].sort(compareNames(columnOrder(pivot)));
  return pivot.columns === null ? sorted : sorted.slice(0, pivot.columns);
}

function columnOrder({ sortColumns }: Pivot): Order {
  return sortColumns ?? { by: 'value', descending: false };
}

function valueText(column: Column): string {
  return `coalesce(${asText(column)}, 'null')`;
}

interface Cell {
  readonly name: string;
  readonly call: LegacyCall;
  /** The value whose rows it is made of; null: all rows. */
  readonly value: string | null;
}

function pivotCells(pivot: Pivot, context: LowerContext): readonly Cell[] {
  const { calls, column } = pivot;
  if (column === null) return calls.map((call) => ({ name: call.as ?? call.text, call, value: null }));
  const cells = pivotValues(pivot, context.column(column), context).flatMap((value) =>
    calls.map((call): Cell => {
      const name = calls.length === 1 ? value : `${value}_${call.as ?? call.text}`;
      return { name: name === '' ? 'empty' : name, call, value };
    }),
  );
  if (calls.length === 1 || pivot.sortColumns === null) return cells;
  return [...cells].sort((one, other) => compareNames(columnOrder(pivot))(one.name, other.name));
}

function lowerPivot(pivot: Pivot, context: LowerContext): readonly Step[] {
  return notOurs(pivot, context) === null ? pivotStage(pivot, context) : enginePivot(pivot, context);
}

/** What of the pivot our own does not say; null: it says all. */
function notOurs({ rows, column, columns, sortColumns, calls }: Pivot, context: LowerContext): string | null {
  if (rows.some(({ bin }) => bin !== null)) return 'date_group';
  if (column === null) return null;
  if (columns !== null) return 'COLSIZE';
  const text = context.column(column).type.kind === 'string';
  const usual = text && calls.length === 1 && sortColumns?.by === 'value' && !sortColumns.descending;
  return sortColumns === null || usual ? null : 'SORTCOL';
}

/** Counts and sums of no rows are 0. */
function cellText(call: LegacyCall, context: LowerContext): string {
  const text = aggregateText(call, context);
  return countsToZero(call) ? `case when count() = 0 then 0 else ${text} end` : text;
}

function sortedRows({ sortRows, rows }: Pivot, context: LowerContext): readonly Step[] {
  if (sortRows === null || rows.length === 0) return [];
  const names = rows.map(({ of, as }) => quoteName(as ?? context.column(of).name));
  const keys = names.map((name) => `${name} ${sortRows.descending ? 'desc nulls last' : 'asc nulls first'}`);
  const { by } = sortRows;
  if (by === 'value') return [stages(`sort ${keys.join(', ')}`)];
  const places = names.map((name, index) => ({ name: `"__place${index}"`, sql: placeText(by, name) }));
  const sorted = places.map(({ name }, index) => `${name} ${sortRows.descending ? 'desc' : 'asc'} nulls last, ${keys[index]}`);
  const evals = places.map(({ name, sql }) => `${name} = ${sql}`).join(', ');
  return [stages(`eval ${evals} | sort ${sorted.join(', ')} | fields - ${places.map(({ name }) => name).join(', ')}`)];
}

/** The stage `pivot`, which finds the values whenever it runs; without values that become columns `stats`. */
function pivotStage(pivot: Pivot, context: LowerContext): readonly Step[] {
  const { calls, column, rows, filter } = pivot;
  const before = filter === null ? '' : `where ${conditionText(filter, context)} | `;
  const keys = rows.map(({ of, as }) => keyText(of, as, context)).join(', ');
  const named = (call: LegacyCall): string => ` as ${quoteName(call.as ?? call.text)}`;
  if (column === null) {
    const items = calls.map((call) => `${aggregateText(call, context)}${named(call)}`);
    const step = `${before}stats ${items.join(', ')}${keys === '' ? '' : ` by ${keys}`}`;
    return [stages(step), ...sortedRows(pivot, context)];
  }
  const items = calls.map((call) => `${cellText(call, context)}${calls.length === 1 ? '' : named(call)}`);
  const split = ` splitcol ${quoteName(context.column(column).name)}`;
  const step = `${before}pivot ${items.join(', ')}${keys === '' ? '' : ` splitrow ${keys}`}${split}`;
  return [stages(step), ...sortedRows(pivot, context)];
}

function pivotToday(pivot: Pivot, context: LowerContext): readonly Step[] {
  const missing = notOurs(pivot, context);
  if (missing === null || missing === 'date_group') return lowerPivot(pivot, context);
  throw new QueryError('unsupported', `the \`pivot\` of today has no ${missing}`, {
    span: context.span,
    hint: 'list the values in the order that you want: `splitcol c in (...)`',
  });
}

function engineCells(pivot: Pivot, context: LowerContext): readonly string[] {
  return pivotCells(pivot, context).map(({ name, call, value }) => {
    if (value === null) return `${callText(call, context)} as ${quoteName(name)}`;
    const text = valueText(context.column(pivot.column!));
    const rows = ` filter (where ${text} = ${quoteText(value)})`;
    const cell = callText(call, context, rows);
    const sql = countsToZero(call) ? `case when count(*)${rows} = 0 then 0 else ${cell} end` : cell;
    return `${sql} as ${quoteName(name)}`;
  });
}

/** A pivot with what only the engine's SQL says. */
function enginePivot(pivot: Pivot, context: LowerContext): readonly Step[] {
  const keys = pivot.rows.map((group) => {
    const name = group.as ?? context.column(group.of).name;
    return { name, sql: `${groupText(group, context)} as ${quoteName(name)}` };
  });
  const items = [...keys.map(({ sql }) => sql), ...engineCells(pivot, context)];
  const groups = keys.length === 0 ? '' : ` group by ${keys.map((_, index) => index + 1).join(', ')}`;
  const filter = pivot.filter === null ? '' : ` where ${conditionText(pivot.filter, context)}`;
  const dependsOnData = pivot.column !== null;
  const sql = `select ${items.join(', ')} from input${filter}${groups}`;
  const { sortRows } = pivot;
  if (sortRows === null || keys.length === 0) return [{ ...engine(sql), dependsOnData }];
  const by = keys.map(({ name }) => orderText(sortRows, quoteName(name))).join(', ');
  return [
    {
      kind: 'engine',
      ordered: true,
      dependsOnData,
      sql: `select *, row_number() over (order by ${by}) as ${ROW} from (${sql})`,
    },
  ];
}

export const PIVOT = command<Pivot>({
  names: ['pivot'],
  form: 'pivot f(x) [AS n], ... [SPLITROW g, ...] [SPLITCOL c] [FILTER CONDITION] [COLSIZE n] [SORTROW order] [SORTCOL order]',
  summary: 'Aggregates with a row for each group, and a column for each value of SPLITCOL.',
  parse: (cursor) => parsePivot(cursor),
  lower: lowerPivot,
  today: pivotToday,
});

type Advanced =
  | {
      readonly kind: 'pivot';
      readonly pivot: Pivot;
      readonly take: { readonly from: 'head' | 'tail'; readonly count: number } | null;
    }
  | { readonly kind: 'columns'; readonly names: readonly WrittenName[] };

export const ADV = command<Advanced>({
  names: ['adv'],
  form: 'adv LINE|BAR|PIE|HEATMAP|HISTOGRAM|SANKEY f(x) ... | MOTION|SCATTER|SUMMARY|OUTLIER|WORDCLOUD TARGETS c, ...',
  summary: 'The rows of a chart.',
  parse(cursor: LegacyCursor) {
    if (cursor.acceptWord('line', 'bar', 'pie', 'heatmap', 'histogram') !== null)
      return { kind: 'pivot', pivot: parsePivot(cursor), take: null };
    if (cursor.acceptWord('sankey') !== null) {
      const call = parseCall(cursor);
      const from = cursor.acceptWord('head', 'tail') as 'head' | 'tail' | null; // one of these words
      const take = from === null ? null : { from, count: cursor.whole() };
      const as = cursor.alias() ?? call.as;
      return { kind: 'pivot', pivot: parsePivot(cursor, [{ ...call, as }]), take };
    }
    if (cursor.acceptWord('motion', 'scatter', 'summary', 'outlier', 'wordcloud') === null)
      cursor.fail('the kind of a chart is expected');
    cursor.expectWord('targets');
    const names = cursor.names();
    if (cursor.acceptWord('algorithm') !== null) cursor.text_('an algorithm');
    return { kind: 'columns', names };
  },
  lower(advanced, context) {
    if (advanced.kind === 'columns')
      return [
        stages(`fields ${advanced.names.map((name) => quoteName(context.column(name).name)).join(', ')}`),
      ];
    const steps = lowerPivot(advanced.pivot, context);
    if (advanced.take === null) return steps;
    const [call] = advanced.pivot.calls;
    const name = quoteName(call!.as ?? call!.text);
    const order = advanced.take.from === 'head' ? `-${name}` : name;
    return [...steps, stages(`sort ${advanced.take.count} ${order}`)];
  },
});
