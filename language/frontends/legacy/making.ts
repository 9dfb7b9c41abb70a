/** Rows that stand in the query: `mkdata` and `modeldata`, as SQL that any database understands. */
import type { Span } from '../../../core/protocol/errors.ts';
import { quoteName, quoteText } from '../../dialects/quoting.ts';
import type { LegacyCursor } from './cursor.ts';

interface Value {
  readonly kind: 'text' | 'number' | 'bool' | 'null';
  readonly text: string;
  /** The place of the value. */
  readonly span: Span;
}

const TYPES: Readonly<Record<string, string>> = {
  text: 'text',
  real: 'double precision',
  bigint: 'bigint',
  integer: 'integer',
  date: 'date',
  timestamp: 'timestamp',
  boolean: 'boolean',
};

export const MKDATA_FORM = "mkdata [[v, ...], ...] ['c':TYPE, ...] | mkdata [{'c': v, ...}, ...]";

interface Rows {
  readonly names: readonly string[];
  readonly types: readonly (string | null)[];
  readonly rows: readonly (readonly Value[])[];
}

/** `[{'k': v, ...}, ...]` or `[[v, ...], ...] ['c':TYPE, ...]` as a SELECT. */
export function rowsText(cursor: LegacyCursor): string {
  const rows = readRows(cursor);
  cursor.finish();
  return selectText(rows, cursor);
}

/** `[[a,b],[0,1],...]`: the names first, words without quotes. */
export function modelRowsText(cursor: LegacyCursor): string {
  const [head, ...rows] = cursor.list(() => cursor.list(() => readValue(cursor)));
  cursor.finish();
  const names = head!.map(({ text }) => text);
  return selectText({ names, types: names.map(() => null), rows }, cursor);
}

function readRows(cursor: LegacyCursor): Rows {
  if (cursor.isSign('[') && cursor.isSign('{', 1)) {
    const entries = cursor.list(() => readDictionary(cursor));
    const names = entries[0]!.map(([name]) => name);
    const rows = entries.map((entry) => {
      if (entry.length !== names.length)
        cursor.failAt(cursor.span, 'all dictionaries must have the same keys');
      return names.map((name) => {
        const found = entry.find(([key]) => key === name);
        if (found === undefined)
          cursor.failAt(cursor.span, `a dictionary has no key \`${name}\``, 'all must have the same keys');
        return found[1];
      });
    });
    return { names, types: names.map(() => null), rows };
  }
  const rows = cursor.list(() => cursor.list(() => readValue(cursor)));
  const columns = cursor.list(() => {
    const name = cursor.text_('the name of a column');
    if (!cursor.acceptSign(':')) return { name, type: null };
    const token = cursor.peek();
    const type = TYPES[cursor.text_('a type').toLowerCase()];
    if (type === undefined)
      cursor.failAt(token, `there is no type \`${token.text}\``, Object.keys(TYPES).join(', ').toUpperCase());
    return { name, type };
  });
  return { names: columns.map(({ name }) => name), types: columns.map(({ type }) => type), rows };
}

function readDictionary(cursor: LegacyCursor): readonly (readonly [string, Value])[] {
  cursor.expectSign('{');
  const entries: (readonly [string, Value])[] = [];
  do {
    const key = cursor.text_('a key');
    cursor.expectSign(':');
    entries.push([key, readValue(cursor)]);
  } while (cursor.acceptSign(','));
  cursor.expectSign('}');
  return entries;
}

function readValue(cursor: LegacyCursor): Value {
  const { start } = cursor.peek();
  const value = valueAt(cursor);
  return { ...value, span: { start, end: cursor.last.end } };
}

function valueAt(cursor: LegacyCursor): Omit<Value, 'span'> {
  const token = cursor.peek();
  if (token.kind === 'number' || token.kind === 'sign')
    return { kind: 'number', text: cursor.number('a value') };
  if (token.kind === 'word' && ['null', 'none'].includes(token.text.toLowerCase())) {
    cursor.next();
    return { kind: 'null', text: 'null' };
  }
  if (token.kind === 'word' && ['true', 'false'].includes(token.text.toLowerCase()))
    return { kind: 'bool', text: cursor.next().text.toLowerCase() };
  return { kind: 'text', text: cursor.text_('a value') };
}

function selectText({ names, types, rows }: Rows, cursor: LegacyCursor): string {
  const uneven = rows.find((row) => row.length !== names.length);
  if (uneven !== undefined)
    cursor.failAt(
      cursor.span,
      `a row has ${uneven.length} values for ${names.length} columns`,
      'all rows must be as long',
    );
  const typed = names.map((_, index) => types[index] ?? inferred(rows.map((row) => row[index]!)));
  for (const row of rows)
    for (const [index, value] of row.entries()) refuseUnfit(value, types[index], cursor);
  const texts = rows.map((row) => `(${row.map((value, index) => cell(value, typed[index]!)).join(', ')})`);
  return `select * from (values ${texts.join(', ')}) as made(${names.map(quoteName).join(', ')})`;
}

const FITS: Readonly<Record<string, RegExp>> = {
  bigint: /^[+-]?\d{1,19}$/,
  integer: /^[+-]?\d{1,10}$/,
  'double precision': /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i,
  boolean: /^(?:true|false|t|f|yes|no|0|1)$/i,
};

function fits(text: string, type: string): boolean {
  const date = ['date', 'timestamp'].includes(type) ? /^(\d{4}-\d\d-(\d\d))(?!\d)/.exec(text) : null;
  if (date === null) return FITS[type]?.test(text) !== false;
  const day = new Date(`${date[1]}T00:00:00Z`);
  // `Date` reads the 31st of a month with 30 days as the first of the next.
  return !Number.isNaN(day.getTime()) && day.getUTCDate() === Number(date[2]);
}

/** Throws syntax for a value that is not of the type that its column was given. */
function refuseUnfit(
  { kind, text, span }: Value,
  type: string | null | undefined,
  cursor: LegacyCursor,
): void {
  if (kind === 'null' || type == null || fits(text.trim(), type)) return;
  const name = Object.entries(TYPES)
    .find(([, sql]) => sql === type)![0]
    .toUpperCase();
  cursor.failAt(span, `\`${text}\` is no ${name}`, 'change it, or give the column the type TEXT');
}

function inferred(values: readonly Value[]): string {
  const kinds = new Set(values.map(({ kind }) => kind).filter((kind) => kind !== 'null'));
  if (kinds.size !== 1) return 'text';
  if (kinds.has('bool')) return 'boolean';
  if (kinds.has('text')) return 'text';
  return values.every(({ text }) => /^-?\d+$|^null$/.test(text)) ? 'bigint' : 'double precision';
}

function cell({ kind, text }: Value, type: string): string {
  return kind === 'null' ? `cast(null as ${type})` : `cast(${quoteText(text)} as ${type})`;
}
