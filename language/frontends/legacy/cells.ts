/** Commands that fill, round, split and turn cells. */

import { QueryError } from '../../../core/protocol/errors.ts';
import type { Column } from '../../../core/protocol/types.ts';
import { quoteName, quoteText } from '../../dialects/quoting.ts';
import type { WrittenName } from '../query-tree.ts';
import { command, type LowerContext } from './command.ts';
import type { LegacyCursor } from './cursor.ts';
import {
  asNumber,
  asText,
  engine,
  evalInPlace,
  inPlace,
  isNumber,
  ROW,
  rowWise,
  stages,
} from './engine-text.ts';

interface Chosen {
  readonly columns: readonly WrittenName[] | null;
  readonly places: readonly number[] | null;
}

/** `col=c`, `col=[c, ...]`, `idx=i` or `idx=[i, ...]`. */
function chosenColumns(cursor: LegacyCursor): Chosen {
  const option = cursor.acceptWord('col', 'idx');
  if (option === null) return { columns: null, places: null };
  cursor.expectSign('=');
  if (option === 'col') {
    if (!cursor.isSign('[')) return { columns: cursor.names(), places: null };
    return { columns: cursor.list(() => cursor.name()), places: null };
  }
  return { columns: null, places: cursor.list(() => cursor.whole()) };
}

function resolveChosen({ columns, places }: Chosen, context: LowerContext): readonly Column[] | null {
  if (columns !== null) return columns.map((name) => context.column(name));
  if (places === null) return null;
  return places.map((place) => {
    const column = context.columns[place];
    if (column !== undefined) return column;
    throw new QueryError('unknown-column', `there is no column at place ${place}`, {
      span: context.span,
      hint: `places go from 0 to ${context.columns.length - 1}`,
    });
  });
}

function sameLength(what: string, given: number, wanted: number, { span }: LowerContext): void {
  if (given === wanted) return;
  throw new QueryError('wrong-arguments', `${given} ${what} stand beside ${wanted} columns`, {
    span,
    hint: 'write one for all columns, or a list with one for each',
  });
}

interface Round extends Chosen {
  readonly digits: readonly number[];
  readonly list: boolean;
  readonly asText: boolean;
}

export const ROUND = command<Round>({
  names: ['round'],
  form: 'round N|[N, ...] [col=c|[c, ...] | idx=i|[i, ...]] [toString=True|False]',
  summary: 'Rounds numbers half up, in their places.',
  parse(cursor: LegacyCursor) {
    const list = cursor.isSign('[');
    const digits = cursor.list(() => cursor.whole('a number of digits'));
    const chosen = chosenColumns(cursor);
    let text = false;
    if (cursor.acceptWord('tostring') !== null) {
      cursor.expectSign('=');
      const word = cursor.acceptWord('true', 'false');
      if (word === null) cursor.fail('True or False is expected');
      text = word === 'true';
    }
    return { ...chosen, digits, list, asText: text };
  },
  lower(round, context) {
    const chosen = resolveChosen(round, context);
    if (chosen === null && round.digits.length > 1)
      throw new QueryError('wrong-arguments', 'a list of digits needs a list of columns', {
        span: context.span,
        hint: 'write `col=[a, b]` behind it, or one number of digits',
      });
    const columns =
      chosen ?? context.columns.filter(({ type }) => type.kind === 'float64' || type.kind === 'decimal');
    if (round.digits.length > 1)
      sameLength('numbers of digits', round.digits.length, columns.length, context);
    const values = columns.filter(isNumber).map((column, index) => {
      const digits = round.digits.length > 1 ? round.digits[index]! : round.digits[0]!;
      const rounded = roundedText(column, digits);
      const fixed = `cast(cast(${rounded} as decimal(38, ${Math.min(Math.max(digits, 0), 15)})) as varchar)`;
      return [column.name, round.asText ? fixed : rounded] as const;
    });
    return round.asText ? [inPlace(context, new Map(values))] : evalInPlace(new Map(values));
  },
});

/** A half is rounded away from zero as it is shown: 1.005 becomes 1.01, though the nearest float is a little less. */
function roundedText(column: Column, digits: number): string {
  const number = asNumber(column);
  const plain = `round(${number}, ${digits})`;
  if (column.type.kind !== 'float64' || digits < 0 || digits >= SHOWN_DIGITS) return plain;
  const shown = `try_cast(cast(${number} as varchar) as decimal(38, ${SHOWN_DIGITS}))`;
  return `coalesce(cast(round(${shown}, ${digits}) as double), ${plain})`;
}

const SHOWN_DIGITS = 15;

interface Split extends Chosen {
  readonly separators: readonly string[];
}

export const SPLIT = command<Split>({
  names: ['split'],
  form: "split SEPARATOR|['a', ...] col=c|[c, ...] | idx=i|[i, ...]",
  summary: 'Puts the parts of texts beside each other, a row each; only these columns come out.',
  parse(cursor: LegacyCursor) {
    const separator = (): string => {
      const token = cursor.next();
      if (token.kind === 'end') cursor.fail('a separator is expected');
      return token.text;
    };
    const separators = cursor.isSign('[') ? cursor.list(separator) : [separator()];
    const chosen = chosenColumns(cursor);
    if (chosen.columns === null && chosen.places === null) cursor.fail('`col=` or `idx=` is expected');
    return { ...chosen, separators };
  },
  lower(split, context) {
    const columns = resolveChosen(split, context)!;
    const { separators } = split;
    if (separators.length > 1) sameLength('separators', separators.length, columns.length, context);
    const items = columns.map((column, index) => {
      const separator = quoteText(separators.length > 1 ? separators[index]! : separators[0]!);
      return `unnest(string_split(${asText(column)}, ${separator})) as ${quoteName(column.name)}`;
    });
    return [rowWise(items)];
  },
});

export const EXPLODE = command<{ readonly name: WrittenName; readonly separator: string }>({
  names: ['explode'],
  form: "explode col=c sep='x'",
  summary: 'A row for each part of a text; the rest of the row is repeated.',
  parse(cursor: LegacyCursor) {
    let name: WrittenName | null = null;
    let separator: string | null = null;
    while (!cursor.atEnd) {
      const option = cursor.acceptWord('col', 'sep');
      if (option === null) cursor.fail('`col=` or `sep=` is expected');
      cursor.expectSign('=');
      if (option === 'col') name = cursor.name();
      else separator = cursor.next().text;
    }
    if (name === null || separator === null) cursor.fail('`col=` and `sep=` are both needed');
    return { name, separator };
  },
  lower({ name, separator }, context) {
    const column = context.column(name);
    const quoted = quoteName(column.name);
    if (column.type.kind === 'string' && separator !== '')
      return [stages(`where ${quoted} is not null | explode ${quoted} sep ${quoteText(separator)}`)];
    const sql = `unnest(string_split(${asText(column)}, ${quoteText(separator)}))`;
    return [inPlace(context, new Map([[column.name, sql]]))];
  },
});

type Fills = readonly {
  readonly name: WrittenName;
  readonly value: string | null;
  readonly isNumber: boolean;
}[];

export const FILLNA = command<Fills>({
  names: ['fillna'],
  form: 'fillna c [value], ...',
  summary: 'Fills nulls with the value; without one the rows with a null there are dropped.',
  parse(cursor: LegacyCursor) {
    const fills: { name: WrittenName; value: string | null; isNumber: boolean }[] = [];
    do {
      const name = cursor.name();
      const bare = cursor.atEnd || cursor.isSign(',');
      const number = cursor.isSign('-') || cursor.peek().kind === 'number';
      const value = bare ? null : number ? cursor.number() : cursor.text_('a value');
      fills.push({ name, value, isNumber: number });
    } while (cursor.acceptSign(','));
    return fills;
  },
  lower(fills, context) {
    const dropped = fills
      .filter(({ value }) => value === null)
      .map(({ name }) => quoteName(context.column(name).name));
    const values = fills.flatMap(({ name, value, isNumber: number }) => {
      const column = context.column(name);
      if (value === null || !fitsColumn(column, value, number)) return [];
      const filled = column.type.kind === 'string' ? quoteText(value) : value;
      return [[column.name, `coalesce(${quoteName(column.name)}, ${filled})`] as const];
    });
    const drops =
      dropped.length === 0
        ? []
        : [stages(`where ${dropped.map((name) => `${name} is not null`).join(' and ')}`)];
    const evals = values.map(([name, value]) => `${quoteName(name)} = ${value}`);
    return evals.length === 0 ? drops : [...drops, stages(`eval ${evals.join(', ')}`)];
  },
});

/** A value of another type than the column's changes nothing. */
function fitsColumn(column: Column, value: string, number: boolean): boolean {
  if (column.type.kind === 'string') return !number;
  if (column.type.kind === 'int64') return number && /^-?\d+$/.test(value);
  return isNumber(column) && number;
}

export const UNPIVOT = command<readonly WrittenName[]>({
  names: ['unpivot'],
  form: 'unpivot id c, ...',
  summary: 'Each column becomes a row beside the id; all others go.',
  parse(cursor: LegacyCursor) {
    const names = [cursor.name('the id column')];
    cursor.acceptSign(',');
    names.push(...cursor.names(true));
    return names;
  },
  lower([id, ...names], context) {
    const key = quoteName(context.column(id!).name);
    const columns = names.map((name) => context.column(name));
    const kinds = new Set(columns.map(({ type }) => (isNumber({ name: '', type }) ? 'number' : type.kind)));
    const selects = columns.map((column, index) => {
      const value = kinds.size === 1 ? quoteName(column.name) : asText(column);
      return `select ${key}, ${quoteText(column.name)} as col_id, ${value} as col_value, ${ROW} * ${columns.length} + ${index} as ${ROW} from input`;
    });
    return [{ ...engine(selects.join(' union all ')), ordered: true }];
  },
});

export const YSORT = command<{ readonly descending: boolean; readonly first: readonly WrittenName[] }>({
  names: ['ysort'],
  form: 'ysort asc|desc [c, ...]',
  summary: 'Orders columns by the mean of their values.',
  parse(cursor: LegacyCursor) {
    const order = cursor.acceptWord('asc', 'desc');
    if (order === null) cursor.fail('asc or desc is expected');
    return { descending: order === 'desc', first: cursor.atEnd ? [] : cursor.names() };
  },
  lower({ descending, first }, context) {
    const named = first.map((name) => context.column(name));
    const rest = context.columns.filter((column) => !named.includes(column));
    const means = rest.map(
      (column) =>
        `select ${context.columns.indexOf(column)} as place, avg(${asNumber(column)}) as mean from input`,
    );
    if (means.length === 0) return [stages(`fields ${named.map(({ name }) => quoteName(name)).join(', ')}`)];
    const order = descending ? 'desc nulls last' : 'asc nulls first';
    const ranked = `select place, row_number() over (order by mean ${order}, place) as rank from (${means.join(' union all ')})`;
    const places = context.probe(
      `select lpad(cast(rank as varchar), 6, '0') || ':' || cast(place as varchar) as place from (${ranked})`,
    );
    const sorted = places.map((text) => context.columns[Number(text.split(':')[1])]!);
    const step = stages(`fields ${[...named, ...sorted].map(({ name }) => quoteName(name)).join(', ')}`);
    return [step];
  },
});
