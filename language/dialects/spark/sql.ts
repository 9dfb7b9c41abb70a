/**
 * Spark's side of types, for stages that run in it: literals, bound values, and columns in the canonical form of our types.
 *
 * Invariants: nothing depends on whether the server's `spark.sql.ansi.enabled` is on (no arithmetic that overflows, no cast that may
 * fail), on its time zone, or on the collation of a column.
 */
import type { Column, ColumnType, DatabaseColumn } from '../../../core/protocol/types.ts';
import { valueType } from '../../types/typed.ts';
import type { Literal } from '../dialect.ts';
import { isJson, isText, type SparkType, type SparkTypeName, sparkTypeOf } from './types.ts';

export const quoteName = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

/** Spark would replace a dollar before a brace by a value of its settings, wherever it stands. */
export const quoteText = (text: string): string =>
  `'${text.replace(/['\\]/g, '\\$&').replaceAll('${', '\\u0024{')}'`;

const NAMES: Readonly<Record<Exclude<ColumnType['kind'], 'decimal' | 'list'>, string>> = {
  bool: 'boolean',
  int64: 'bigint',
  float64: 'double',
  string: 'string',
  json: 'string',
  uuid: 'string',
  bytes: 'binary',
  date: 'date',
  time: 'string',
  timestamp: 'timestamp_ntz',
  timestamptz: 'timestamp',
  interval: 'string',
};

export function typeName(type: ColumnType): string {
  if (type.kind === 'decimal') return `decimal(${type.precision ?? 38},${type.scale ?? 0})`;
  if (type.kind === 'list') return `array<${typeName(type.of)}>`;
  return NAMES[type.kind];
}

export const castTo = (sql: string, type: ColumnType): string => `CAST(${sql} AS ${typeName(type)})`;

const DATE = /^(?!0000)\d{4}-\d\d-\d\d$/;
const MOMENT = /^((?!0000)\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)(Z|[+-]\d\d:\d\d)?$/;

/** Says why a constant has no place in a statement; null when it has. */
export function literalRefusal({ value, type }: Literal): string | null {
  if (value === null || typeof value === 'boolean') return null;
  switch (type.kind) {
    case 'int64':
    case 'float64':
    case 'decimal':
      return /^[-+]?\d*\.?\d*(e[-+]?\d+)?$/i.test(value)
        ? null
        : `the number ${value} stays outside of Spark`;
    case 'string':
    case 'interval': // the width of a bin, which the call's SQL has in numbers
      return null;
    case 'date':
      return DATE.test(value) ? null : `Spark has no date ${value}`;
    case 'timestamp':
      return DATE.test(value) || (MOMENT.test(value) && MOMENT.exec(value)![3] === undefined)
        ? null
        : `Spark has no moment ${value}`;
    case 'timestamptz':
      return DATE.test(value) || MOMENT.test(value) ? null : `Spark has no moment ${value}`;
    default:
      return `constants of type ${type.kind} stay outside of Spark`;
  }
}

export function literal({ value, type }: Literal): string {
  if (value === null) return type.kind === 'null' ? 'NULL' : castTo('NULL', valueType(type));
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  const text = type.kind === 'timestamptz' ? withZone(value) : value;
  return castTo(quoteText(text), valueType(type));
}

/** A moment without a zone is in UTC, whatever the session's zone is. */
function withZone(text: string): string {
  const found = MOMENT.exec(text);
  if (found === null) return `${text} 00:00:00Z`;
  return found[3] === undefined ? `${text}Z` : text;
}

const NARROW: ReadonlySet<SparkTypeName> = new Set(['byte', 'short', 'integer']);

/** Returns SQL of a column as a value of our type; its type is one that `unusable` does not refuse. */
export function canonical(stored: string, native: SparkType, type: ColumnType): string {
  // A cast takes a text's collation away, and the blanks that a char is compared with.
  return NARROW.has(native.name) || native.name === 'string' ? castTo(stored, type) : stored;
}

const USABLE: ReadonlySet<SparkTypeName> = new Set([
  ...(['boolean', 'byte', 'short', 'integer', 'long', 'double', 'decimal', 'string', 'binary'] as const),
  ...(['date', 'timestamp', 'timestamp_ntz'] as const),
]);

/** Says why no stage over such a column may run in Spark; null: stages may. */
function unusable({ name, title }: SparkType): string | null {
  if (USABLE.has(name)) return null;
  return name === 'float'
    ? 'Spark widens a float to other digits'
    : `values of type ${title} stay outside of Spark`;
}

export function sourceRefusal(columns: readonly DatabaseColumn[], isOrdered: boolean): string | null {
  if (isOrdered) return 'Spark may forget the order of SQL inside of other SQL';
  for (const { name, type } of columns) {
    const why = unusable(sparkTypeOf(type));
    if (why !== null) return `\`${name}\`: ${why}`;
  }
  return null;
}

const CARRIED: ReadonlySet<ColumnType['kind']> = new Set([
  ...([
    'bool',
    'int64',
    'float64',
    'decimal',
    'string',
    'bytes',
    'date',
    'timestamp',
    'timestamptz',
  ] as const),
]);

/** Spark finds columns by their names without case, and replaces variables in names. */
export function refusal(columns: readonly Column[]): string | null {
  const other = columns.find(({ type }) => !CARRIED.has(type.kind));
  if (other !== undefined)
    return `\`${other.name}\`: values of type ${other.type.kind} stay outside of Spark`;
  const seen = new Map<string, string>();
  for (const { name } of columns) {
    if (name.includes('${')) return `Spark would replace a part of the name \`${name}\``;
    const folded = name.toUpperCase().toLowerCase();
    const other = seen.get(folded) ?? name;
    if (other !== name) return `Spark takes the names \`${other}\` and \`${name}\` for the same`;
    seen.set(folded, name);
  }
  return null;
}

/** Writes the item of a SELECT that gives a column in a form that Arrow has: as JSON or as text where its type is none of ours. */
export function sentSql({ name, type }: DatabaseColumn): string {
  const native = sparkTypeOf(type);
  const quoted = quoteName(name);
  if (isJson(native)) return `to_json(${quoted}) AS ${quoted}`;
  return isText(native) ? `CAST(${quoted} AS string) AS ${quoted}` : quoted;
}
