/** Commands that compute or change columns row by row. */

import type { Column } from '../../../core/protocol/types.ts';
import { quoteName, quoteText } from '../../dialects/quoting.ts';
import type { WrittenName } from '../query-tree.ts';
import { conditionText } from './choosing.ts';
import { command } from './command.ts';
import { type LegacyExpression, parseArithmetic, parseCondition } from './condition.ts';
import { kindOf, ownScope, writeExpression } from './condition-text.ts';
import type { LegacyCursor } from './cursor.ts';
import { asNumber, asText, evalColumns, evalInPlace, inPlace, stages } from './engine-text.ts';
import { momentOf } from './time-text.ts';

type TypeWord = 'text' | 'real' | 'integer' | 'bigint' | 'date' | 'timestamp';
const TYPES = ['text', 'real', 'integer', 'bigint', 'date', 'timestamp'] as const;

type Casts = readonly { readonly name: WrittenName; readonly to: TypeWord; readonly format: string | null }[];

function cast(column: Column, to: TypeWord, format: string | null): string {
  const quoted = quoteName(column.name);
  switch (to) {
    case 'text':
      return asText(column);
    case 'real':
      return `try_cast(${quoted} as double)`;
    case 'integer':
      return `cast(try_cast(${quoted} as integer) as bigint)`;
    case 'bigint':
      return `try_cast(${quoted} as bigint)`;
    case 'date':
      return `cast(${momentOf(column, format ?? (column.type.kind === 'string' ? 'YYYY-MM-DD' : null))} as date)`;
    case 'timestamp':
      return momentOf(column, format ?? (column.type.kind === 'string' ? 'YYYY-MM-DD HH:mm:ss' : null));
    default:
      return to satisfies never;
  }
}

export const TYPECAST = command<Casts>({
  names: ['typecast'],
  form: 'typecast c TYPE ["format"], ...',
  summary: 'Converts columns in their places; what cannot be read is null.',
  parse(cursor: LegacyCursor) {
    const casts: { name: WrittenName; to: TypeWord; format: string | null }[] = [];
    do {
      const name = cursor.name();
      const to = cursor.acceptWord(...TYPES) as TypeWord | null; // one of the words it was given
      if (to === null) cursor.fail(`a type is expected: ${TYPES.join(', ')}`);
      const quoted = ['double', 'single'].includes(cursor.peek().kind);
      casts.push({ name, to, format: quoted ? cursor.next().text : null });
    } while (cursor.acceptSign(','));
    return casts;
  },
  lower(casts, context) {
    const values = casts.map(({ name, to, format }) => {
      const column = context.column(name);
      return [column.name, cast(column, to, format)] as const;
    });
    return [inPlace(context, new Map(values))];
  },
});

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
