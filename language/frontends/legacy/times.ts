/** Commands that compute with times and weeks, row by row. */

import { QueryError } from '../../../core/protocol/errors.ts';
import { quoteName, quoteText } from '../../dialects/quoting.ts';
import type { WrittenName } from '../query-tree.ts';
import { command, type LowerContext } from './command.ts';
import type { LegacyCursor } from './cursor.ts';
import { asText, engine, ROW, withColumns } from './engine-text.ts';
import { timeColumn } from './model-options.ts';
import { momentOf, momentOfText } from './time-text.ts';

interface Formatted {
  readonly name: WrittenName;
  readonly format: string | null;
  readonly as: string | null;
}

function parseFormatted(cursor: LegacyCursor): Formatted {
  const name = cursor.name();
  const quoted = ['single', 'double'].includes(cursor.peek().kind);
  return { name, format: quoted ? cursor.next().text : null, as: cursor.alias() };
}

const SECONDS: Readonly<Record<string, number>> = { H: 3600, h: 3600, m: 60, s: 1 };

export const TIME2SEC = command<Formatted>({
  names: ['time2sec'],
  form: 'time2sec c ["HH:mm:ss"|"mm:ss"|"HH:mm"] [AS n]',
  summary: 'A time of day in seconds.',
  parse(cursor: LegacyCursor) {
    const written = parseFormatted(cursor);
    if (written.format !== null && !/^([Hhms])\1?(?::([Hhms])\2?){0,2}$/.test(written.format))
      cursor.failAt(
        cursor.span,
        `\`${written.format}\` is no format of a time`,
        'write "HH:mm:ss", "mm:ss" or "HH:mm"',
      );
    return written;
  },
  lower({ name, format, as }, context) {
    const column = context.column(name);
    const letters = (format ?? 'HH:mm:ss').split(':').map((part) => part[0]!);
    const parts = letters.map(
      (letter, index) =>
        `try_cast(split_part(${asText(column)}, ':', ${index + 1}) as bigint) * ${SECONDS[letter]}`,
    );
    return [withColumns(context, [{ name: as ?? `${column.name}_TO_SECONDS`, sql: parts.join(' + ') }])];
  },
});

type TimeTerm =
  | { readonly kind: 'column'; readonly name: WrittenName }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'now' }
  | { readonly kind: 'today' };

interface TimeDiff {
  readonly unit: 'second' | 'minute' | 'hour' | 'day' | 'week';
  readonly terms: readonly { readonly term: TimeTerm; readonly format: string | null }[];
  readonly as: string;
}

function timeTerm(cursor: LegacyCursor): TimeDiff['terms'][number] {
  const token = cursor.peek();
  const word = cursor.acceptWord('now', 'today') as 'now' | 'today' | null; // one of these words
  let term: TimeTerm;
  if (word !== null) term = { kind: word };
  else if (token.kind === 'backquote' && /^\d[\d\-: ./T]*$/.test(token.text))
    term = { kind: 'text', text: cursor.next().text };
  else term = { kind: 'column', name: cursor.name('a column, `a moment`, now or today', false) };
  const quoted = ['single', 'double'].includes(cursor.peek().kind);
  return { term, format: quoted ? cursor.next().text : null };
}

/** A column that is not there gives null, by the language's own rule. */
function termText({ term, format }: TimeDiff['terms'][number], { columns }: LowerContext): string {
  if (term.kind === 'now') return "cast(now() at time zone 'UTC' as timestamp)";
  if (term.kind === 'today') return 'cast(current_date as timestamp)';
  if (term.kind === 'text') return momentOfText(quoteText(term.text), format);

  const { name } = term.name;
  const found =
    columns.find((column) => column.name === name) ??
    columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  return found === undefined ? 'cast(null as timestamp)' : momentOf(found, format);
}

const LENGTHS: Readonly<Record<TimeDiff['unit'], number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
  week: 604_800,
};

export const TIMEDIFF = command<TimeDiff>({
  names: ['timediff'],
  form: "timediff second|minute|hour|day|week T ['fmt'] T ['fmt'] [AS n]",
  summary: 'The time between two moments, without a sign.',
  parse(cursor: LegacyCursor) {
    const unit = cursor.acceptWord('second', 'minute', 'hour', 'day', 'week') as TimeDiff['unit'] | null; // one of these
    if (unit === null) cursor.fail('second, minute, hour, day or week is expected');
    const first = timeTerm(cursor);
    cursor.acceptSign(',');
    const terms = [first, timeTerm(cursor)];
    return { unit, terms, as: cursor.alias() ?? 'RESULT' };
  },
  lower({ unit, terms, as }, context) {
    const [one, other] = terms.map((term) => termText(term, context));
    const seconds = `abs(epoch(${one}) - epoch(${other}))`;
    const exact = `${seconds} / ${LENGTHS[unit]}.0`;
    const today = terms.some(({ term }) => term.kind === 'today');
    let sql = `cast(${exact} as double)`;
    if (unit === 'second') sql = `cast(${seconds} as bigint)`;
    if (unit === 'day' || unit === 'week') sql = `cast(round(${exact}, ${today ? 4 : 0}) as double)`;
    return [withColumns(context, [{ name: as, sql }])];
  },
});

function weekPattern(format: string, cursor: LegacyCursor): void {
  if (format.includes('YYYY') && format.includes('WW')) return;
  cursor.failAt(cursor.span, `\`${format}\` has no year and week`, 'write "YYYY-WW"');
}

export const WEEKDATES = command<Formatted>({
  names: ['weekdates'],
  form: 'weekdates c "YYYY-WW"',
  summary: 'Monday and Sunday of an ISO week.',
  parse(cursor: LegacyCursor) {
    const written = parseFormatted(cursor);
    weekPattern(written.format ?? 'YYYY-WW', cursor);
    return written;
  },
  lower({ name, format }, context) {
    const text = asText(context.column(name));
    const escaped = (format ?? 'YYYY-WW').replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    const pattern = (wanted: 'YYYY' | 'WW'): string =>
      quoteText(
        `^${escaped.replace('YYYY', wanted === 'YYYY' ? '(\\d{4})' : '\\d{4}').replace('WW', wanted === 'WW' ? '(\\d{1,2})' : '\\d{1,2}')}$`,
      );
    const part = (wanted: 'YYYY' | 'WW'): string =>
      `try_cast(regexp_extract(${text}, ${pattern(wanted)}, 1) as integer)`;
    const monday = `cast(date_trunc('week', make_date(${part('YYYY')}, 1, 4)) + to_weeks(${part('WW')} - 1) as date)`;
    // The 53rd week of a year that has 52 would be the first of the next one.
    const isWeek = `${part('WW')} between 1 and 53 and isoyear(${monday}) = ${part('YYYY')}`;
    const known = (sql: string): string => `case when ${isWeek} then ${sql} end`;
    const added = [
      { name: 'START_DATE_OF_WEEK', sql: known(monday) },
      { name: 'END_DATE_OF_WEEK', sql: known(`cast(${monday} + to_days(6) as date)`) },
    ];
    return [withColumns(context, added)];
  },
});

export const WEEKNUMBER = command<Formatted>({
  names: ['weeknumber'],
  form: 'weeknumber c "fmt" [AS n]',
  summary: 'The ISO week of a date.',
  parse: parseFormatted,
  lower({ name, format, as }, context) {
    const sql = `cast(weekofyear(${momentOf(context.column(name), format)}) as bigint)`;
    return [withColumns(context, [{ name: as ?? 'WEEK_NUM_OF_YEAR', sql }])];
  },
});

interface Weekend {
  readonly weekend: boolean;
  readonly name: WrittenName | null;
  readonly format: string | null;
  /** The column that the model names for its dates. */
  readonly time: string | null;
}

export const WEEKEND = command<Weekend>({
  names: ['weekend'],
  form: 'weekend True|False [c [FORMAT f]]',
  summary: 'Keeps Saturdays and Sundays, or the other days.',
  parse(cursor: LegacyCursor) {
    const word = cursor.acceptWord('true', 'false');
    if (word === null) cursor.fail('True or False is expected');
    const name = cursor.atEnd ? null : cursor.name();
    let format: string | null = null;
    if (cursor.acceptWord('format') !== null) {
      const quoted = ['single', 'double'].includes(cursor.peek().kind);
      format = quoted ? cursor.next().text : cursor.rest().text;
    }
    return { weekend: word === 'true', name, format, time: cursor.sources.searched().time };
  },
  lower({ weekend, name, format, time }, context) {
    const column = name === null ? timeColumn(context.columns, time) : context.column(name);
    if (column === null)
      throw new QueryError('wrong-arguments', 'there is no column of dates here', {
        span: context.span,
        hint: 'name one: `weekend True c`',
      });
    const names = context.columns.map((own) => quoteName(own.name)).join(', ');
    const sign = weekend ? '>=' : '<';
    const sql = `select ${names}, ${ROW} from input where isodow(${momentOf(column, format)}) ${sign} 6`;
    return [{ ...engine(sql), ordered: true }];
  },
});
