/** SQLite's values as values of our types. What does not fit its column's type is an error that names column and value. */
import { QueryError } from '../../core/protocol/errors.ts';
import { type Column, type ColumnType, type DatabaseColumn, typeName } from '../../core/protocol/types.ts';
import { columnOf, isUndeclared, sqliteTypeOf } from '../../language/dialects/sqlite/types.ts';
import type { RowValue } from '../kit/value-text.ts';

export type SqliteValue = bigint | number | string | Uint8Array;

const TEXTS: Readonly<Partial<Record<ColumnType['kind'], RegExp>>> = {
  date: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
  time: /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$/,
  timestamp:
    /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$/,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
};

/** Returns what turns a value of the column into ours; null stays null, and is not asked about. */
export function decoderOf(described: DatabaseColumn): (value: SqliteValue) => RowValue {
  const column = columnOf(described);
  const native = sqliteTypeOf(described.type);
  // A column of which nothing is known shows its values as text.
  const isUnknown = isUndeclared(native) && native.seen === null;
  const decode = isUnknown ? shownText : decoders(column.type);
  return (value) => decode(value) ?? misfit(column, value);
}

function shownText(value: SqliteValue): string | null {
  return value instanceof Uint8Array ? null : String(value);
}

/** The decoder gives null for what does not fit. */
function decoders(type: ColumnType): (value: SqliteValue) => RowValue {
  switch (type.kind) {
    case 'int64':
      return (value) => (typeof value === 'bigint' ? value : null);
    case 'float64':
      return (value) =>
        typeof value === 'bigint' ? exactFloat(value) : typeof value === 'number' ? value : null;
    case 'bool':
      return (value) => (value === 0n || value === 1n ? value === 1n : null);
    case 'string':
      return (value) => (typeof value === 'string' ? value : null);
    case 'json':
      return (value) => (typeof value === 'string' && isJson(value) ? value : null);
    case 'bytes':
      return (value) => (value instanceof Uint8Array ? value : null);
    case 'decimal':
      return (value) =>
        typeof value === 'bigint' || typeof value === 'number' ? digitsOf(value, type) : null;
    case 'date':
    case 'time':
    case 'timestamp':
    case 'uuid':
      return (value) =>
        typeof value === 'string' && TEXTS[type.kind]!.test(value) ? plainText(value, type) : null;
    default:
      throw new Error(`no column of SQLite is of type ${typeName(type)}`);
  }
}

function exactFloat(value: bigint): number | null {
  return BigInt(Number(value)) === value ? Number(value) : null;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Digits without an exponent that have room in the type. */
function digitsOf(
  value: bigint | number,
  { precision, scale }: ColumnType & { kind: 'decimal' },
): string | null {
  const text = String(value);
  const found = /^-?(\d+)(?:\.(\d+))?$/.exec(text);
  if (found === null) return null;
  const [, whole = '', fraction = ''] = found;
  if (precision === null) return text;
  return fraction.length <= (scale ?? 0) && whole.replace(/^0+/, '').length <= precision - (scale ?? 0)
    ? padded(text, fraction, scale ?? 0)
    : null;
}

/** Adds zeros to a number, so that every row of the column shows the same number of digits. */
function padded(text: string, fraction: string, scale: number): string {
  if (fraction.length === scale) return text;
  return `${text}${fraction === '' ? '.' : ''}${'0'.repeat(scale - fraction.length)}`;
}

/** The form that all encoders read: a moment has seconds and a blank. A day that the calendar lacks is refused. */
function plainText(value: string, { kind }: ColumnType): string | null {
  if (kind === 'uuid') return value.toLowerCase();
  if (kind !== 'time') {
    const day = value.slice(0, 10);
    const date = new Date(`${day}T00:00:00Z`);
    if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== day) return null;
    if (kind === 'date') return value;
  }
  const withSeconds = /:\d\d:/.test(value) ? value : `${value}:00`;
  return withSeconds.replace('T', ' ').replace(/\.?0+$/, (zeros) => (value.includes('.') ? '' : zeros));
}

const SHOWN_CHARACTERS = 60;

function misfit({ name, type }: Column, value: SqliteValue): never {
  const text =
    value instanceof Uint8Array
      ? `a blob of ${value.length} bytes`
      : typeof value === 'string'
        ? `'${value.slice(0, SHOWN_CHARACTERS)}'`
        : String(value);
  throw new QueryError(
    'bad-value',
    `column ${name} is ${typeName(type)} by its declaration or its first values, and holds ${text}`,
    {
      hint: `SQLite lets any value stand in any column: write cast(${name} as text), or what you need of it, in the SQL.`,
    },
  );
}
