/** Commands that compute or change columns row by row. */

import type { Column } from '../../../core/protocol/types.ts';
import { quoteName, quoteText } from '../../dialects/quoting.ts';
import type { WrittenName } from '../query-tree.ts';
import { conditionText } from './choosing.ts';
import { command, type LowerContext, type Step } from './command.ts';
import { type LegacyExpression, parseArithmetic, parseCondition } from './condition.ts';
import { kindOf, ownScope, writeExpression } from './condition-text.ts';
import type { LegacyCursor } from './cursor.ts';
import {
  asNumber,
  asText,
  engine,
  evalColumns,
  evalInPlace,
  isNumber,
  ROW,
  rowWise,
  stages,
} from './engine-text.ts';

interface Case {
  readonly branches: readonly { readonly when: LegacyExpression; readonly value: LegacyExpression }[];
  readonly otherwise: LegacyExpression | null;
  readonly as: string;
}

export const CASE = command<Case>({
  names: ['case'],
  form: 'case when CONDITION then value ... [otherwise value] [as name]',
  summary: 'A new column with the value of the first condition that is true.',
  parse(cursor: LegacyCursor) {
    const branches: { when: LegacyExpression; value: LegacyExpression }[] = [];
    while (cursor.acceptWord('when') !== null) {
      const when = parseCondition(cursor);
      cursor.expectWord('then');
      branches.push({ when, value: parseArithmetic(cursor) });
    }
    if (branches.length === 0) cursor.fail('`when` is expected');
    const otherwise = cursor.acceptWord('otherwise', 'else') === null ? null : parseArithmetic(cursor);
    return { branches, otherwise, as: cursor.alias() ?? 'result' };
  },
  lower({ branches, otherwise, as }, context) {
    const scope = ownScope(context.columns, (name) => context.column(name));
    const values = [...branches.map(({ value }) => value), ...(otherwise === null ? [] : [otherwise])];
    const kinds = new Set(values.map((value) => kindOf(value, scope)).filter((kind) => kind !== 'null'));
    const mixed = kinds.size > 1 || kinds.size === 0;
    const text = (value: LegacyExpression): string => {
      const sql = writeExpression(value, scope);
      return mixed ? `cast(${sql} as varchar)` : sql;
    };
    const whens = branches.map(
      ({ when, value }) => `when ${conditionText(when, context)} then ${text(value)}`,
    );
    const rest = otherwise === null ? '' : ` else ${text(otherwise)}`;
    return [stages(`eval ${quoteName(as)} = case ${whens.join(' ')}${rest} end`)];
  },
});

type Concat = { readonly items: readonly (WrittenName | string)[]; readonly as: string };

export const CONCAT = command<Concat>({
  names: ['concat'],
  form: `concat c, 'c', "text", ... [AS name]`,
  summary: 'Joins texts; \'x\' is a column here and "x" a text; a null makes the whole null.',
  parse(cursor: LegacyCursor) {
    const items: (WrittenName | string)[] = [];
    do items.push(cursor.peek().kind === 'double' ? cursor.next().text : cursor.name('a column or a "text"'));
    while (cursor.acceptSign(','));
    return { items, as: cursor.alias() ?? 'concated' };
  },
  lower({ items, as }, context) {
    const texts = items.map((item) =>
      typeof item === 'string' ? quoteText(item) : asText(context.column(item)),
    );
    return evalColumns(context, [{ name: as, sql: `(${texts.join(' || ')})` }]);
  },
});

interface Substr {
  readonly name: WrittenName;
  readonly start: number;
  readonly length: number | null;
  readonly as: string;
}

export const SUBSTR = command<Substr>({
  names: ['substr'],
  form: 'substr c start [length] [AS name]',
  summary: 'A part of a text, from 1, with a negative start from its end.',
  parse(cursor: LegacyCursor) {
    const name = cursor.name();
    cursor.acceptSign(',');
    const start = cursor.whole();
    cursor.acceptSign(',');
    const length = cursor.peek().kind === 'number' ? cursor.whole() : null;
    return { name, start, length, as: cursor.alias() ?? 'SUBSTRED' };
  },
  lower({ name, start, length, as }, context) {
    const text = asText(context.column(name));
    const from = start === 0 ? 1 : start;
    const rest = length === null ? '' : `, ${length}`;
    return evalColumns(context, [{ name: as, sql: `substr(${text}, ${from}${rest})` }]);
  },
});

export const REPLACE = command<{ readonly name: WrittenName; readonly from: string; readonly to: string }>({
  names: ['replace'],
  form: 'replace c "old" "new"',
  summary: 'Replaces every occurrence of a plain text, in place.',
  parse: (cursor) => ({ name: cursor.name(), from: cursor.text_(), to: cursor.text_('the new text') }),
  lower({ name, from, to }, context) {
    const column = context.column(name);
    if (column.type.kind !== 'string' || from === '') return [];
    const sql = `replace(${quoteName(column.name)}, ${quoteText(from)}, ${quoteText(to)})`;
    return evalInPlace(new Map([[column.name, sql]]));
  },
});

type Lengths = readonly { readonly of: WrittenName | string; readonly as: string }[];

export const LENGTH = command<Lengths>({
  names: ['length'],
  form: "length c|'text' [AS name], ...",
  summary: 'The number of letters.',
  parse(cursor: LegacyCursor) {
    const items: { of: WrittenName | string; as: string }[] = [];
    do {
      const of = cursor.peek().kind === 'single' ? cursor.next().text : cursor.name();
      const shown = typeof of === 'string' ? of : of.name;
      items.push({ of, as: cursor.alias() ?? `LENGTH(${shown})` });
    } while (cursor.acceptSign(','));
    return items;
  },
  lower: (items, context) => {
    const added = items.map(({ of, as }) => ({
      name: as,
      sql: `length(${typeof of === 'string' ? quoteText(of) : asText(context.column(of))})`,
    }));
    return evalColumns(context, added);
  },
});

function inPlaceFunction(word: string, of: (sql: string, column: Column) => string) {
  return command<readonly WrittenName[]>({
    names: [word],
    form: `${word} c, ...`,
    summary: `Computes ${word} of columns in their places.`,
    parse: (cursor) => cursor.names(),
    lower: (names, context) => {
      const columns = names.map((name) => context.column(name));
      return evalInPlace(new Map(columns.map((column) => [column.name, of(asNumber(column), column)])));
    },
  });
}

export const ABS = inPlaceFunction('abs', (sql) => `abs(${sql})`);
export const CEIL = inPlaceFunction('ceil', (sql, { type }) =>
  type.kind === 'int64' ? sql : `ceil(${sql})`,
);
export const FLOOR = inPlaceFunction('floor', (sql, { type }) =>
  type.kind === 'int64' ? sql : `floor(${sql})`,
);

interface Calculate {
  readonly how: 'add' | 'avg' | null;
  readonly over: 'all' | 'row' | 'col';
  readonly columns: readonly WrittenName[];
  readonly value: LegacyExpression | null;
  readonly as: string;
  readonly left: boolean;
}

export const CALCULATE = command<Calculate>({
  names: ['calculate'],
  form: 'calculate EXPRESSION | add|avg ALL|ROW|COL [c, ...] [AS name] [LEFT|RIGHT]',
  summary: 'A new column by an expression, or sums and means of rows and columns.',
  parse(cursor: LegacyCursor) {
    const mark = cursor.mark();
    const how = cursor.acceptWord('add', 'avg') as Calculate['how']; // one of these words
    const over = how === null ? null : (cursor.acceptWord('all', 'row', 'col') as Calculate['over'] | null);
    if (over === null) cursor.reset(mark);
    const side = (): boolean => ['left', 'right'].some((word) => cursor.isWord(word));
    const columns: WrittenName[] = [];
    const value = over === null ? parseArithmetic(cursor) : null;
    while (over !== null && !cursor.atEnd && !cursor.isWord('as') && !side()) {
      columns.push(cursor.name());
      cursor.acceptSign(',');
    }
    const as = cursor.alias() ?? 'calculated';
    return {
      how,
      over: over ?? 'row',
      columns,
      value,
      as,
      left: cursor.acceptWord('left', 'right') === 'left',
    };
  },
  lower({ how, over, columns, value, as, left }, context) {
    if (value !== null) {
      const scope = ownScope(context.columns, (name) => context.column(name));
      const sql = writeExpression(withoutNulls(value) ?? value, scope);
      return evalColumns(context, [{ name: as, sql }], left);
    }
    const used =
      columns.length > 0 ? columns.map((name) => context.column(name)) : context.columns.filter(isNumber);
    return totals(used, context, { mean: how === 'avg', over, as, left });
  },
});

/** The word `null` counts for nothing: `a + null` is `a`. */
function withoutNulls(value: LegacyExpression): LegacyExpression | null {
  if (value.kind === 'null') return null;
  if (value.kind !== 'arithmetic') return value;
  const [left, right] = [withoutNulls(value.left), withoutNulls(value.right)];
  if (left === null || right === null) return left ?? right;
  return { ...value, left, right };
}

interface Totals {
  readonly mean: boolean;
  readonly over: Calculate['over'];
  readonly as: string;
  readonly left: boolean;
}

function totals(
  used: readonly Column[],
  { columns }: LowerContext,
  { mean, over, as, left }: Totals,
): readonly Step[] {
  const numbers = used.map(
    (column) => `cast(${asNumber(column)} as ${whole(column) && !mean ? 'bigint' : 'double'})`,
  );
  const list = `list_filter([${numbers.join(', ')}], x -> x is not null)`;
  const row = mean ? `list_avg(${list})` : `list_sum(${list})`;
  const typed = used.every(whole) && !mean ? `cast(${row} as bigint)` : `cast(${row} as double)`;
  const names = columns.map(({ name }) => quoteName(name));
  const added = over === 'col' ? [] : [`${typed} as ${quoteName(as)}`];
  const rows = left ? [...added, ...names] : [...names, ...added];
  if (over === 'row') return [rowWise(rows)];
  const total = columns.map((column) => {
    if (!used.includes(column)) return 'null';
    const sql = `${mean ? 'avg' : 'sum'}(${asNumber(column)})`;
    return whole(column) && !mean ? `cast(${sql} as bigint)` : `cast(${sql} as double)`;
  });
  const corner = over === 'col' ? [] : [`${mean ? 'avg' : 'sum'}(${quoteName(as)})`];
  const last = left ? [...corner, ...total] : [...total, ...corner];
  const inner = over === 'col' ? 'input' : `(select *, ${typed} as ${quoteName(as)} from input)`;
  const end = `select ${last.join(', ')}, coalesce(max(${ROW}), 0) + 1 from ${inner}`;
  return [{ ...engine(`select ${rows.join(', ')}, ${ROW} from input union all ${end}`), ordered: true }];
}

function whole({ type }: Column): boolean {
  return type.kind === 'int64' || type.kind === 'bool';
}
