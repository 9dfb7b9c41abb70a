/**
 * DuckDB's side of types: their names in SQL, literals, quoting, and how a column that a source sent enters the engine. Most are
 * values by then (workers/dsl/chunks/decoders.ts); what comes as text is made a value by an expression here:
 *
 *   json      its text, verbatim
 *   arrays    JSON of the elements' texts from the database: the exact text of each, cast here
 *
 * An element that is an interval loses the `+` after a negative field: DuckDB cannot read it and it changes nothing.
 */
import type { InputColumn } from '../../../core/protocol/plan.ts';
import type { Column, ColumnType, ScalarKind } from '../../../core/protocol/types.ts';
import type { WireType } from '../../../core/protocol/wire-rows.ts';
import { decimalSize, isMoment } from '../../types/rules.ts';
import { valueType } from '../../types/typed.ts';
import type { Literal } from '../dialect.ts';
import { quoteName, quoteText } from '../quoting.ts';

export { quoteName, quoteText };

/** A number that DuckDB reads as DOUBLE; without an exponent it would be a DECIMAL. */
export function floatLiteral(text: string): string {
  return /[eE]/.test(text) ? text : `${text}e0`;
}

const NAMES: Readonly<Record<ScalarKind, string>> = {
  bool: 'BOOLEAN',
  int64: 'BIGINT',
  float64: 'DOUBLE',
  string: 'VARCHAR',
  bytes: 'BLOB',
  date: 'DATE',
  time: 'TIME',
  timestamp: 'TIMESTAMP',
  timestamptz: 'TIMESTAMPTZ',
  interval: 'INTERVAL',
  json: 'VARCHAR',
  uuid: 'UUID',
};

/** Returns the type's name in DuckDB's SQL. */
export function duckdbType(type: ColumnType): string {
  switch (type.kind) {
    case 'decimal': {
      const { precision, scale } = decimalSize(type);
      return `DECIMAL(${precision},${scale})`;
    }
    case 'list':
      return `${duckdbType(type.of)}[]`;
    default:
      return NAMES[type.kind];
  }
}

export function literal({ value, type }: Literal): string {
  if (value === null) return type.kind === 'null' ? 'NULL' : `CAST(NULL AS ${duckdbType(valueType(type))})`;
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  if (type.kind === 'int64') return `CAST(${value} AS BIGINT)`;
  if (type.kind === 'float64')
    return value.startsWith('-') ? `(${floatLiteral(value)})` : floatLiteral(value);
  if (type.kind === 'decimal') return `CAST(${value} AS ${duckdbType(type)})`;
  if (type.kind === 'interval') return `INTERVAL ${quoteText(value)}`;
  if (isMoment(type) || type.kind === 'time') return `${duckdbType(valueType(type))} ${quoteText(value)}`;
  return quoteText(value);
}

/** A bound value. A list is bound as the JSON of its elements' texts. */
export function parameter(bound: string, type: ColumnType): string {
  const value = type.kind === 'list' ? `from_json(${bound}, '["VARCHAR"]')` : bound;
  return `CAST(${value} AS ${duckdbType(type)})`;
}

/** Describes how a column of the source enters the stage engine. A value of another type that is sent as text is cast here. */
export function inputColumn({ name, type }: Column, wire: WireType): InputColumn {
  if (wire === 'decimal') return { name, wire, size: decimalSize(type), expression: null };
  return { name, wire, expression: wire === 'text' ? valueOfText(quoteName(name), name, type) : null };
}

/** Returns SQL that makes the value of its text; null: the value is the text. */
function valueOfText(text: string, name: string, type: ColumnType): string | null {
  if (type.kind === 'string' || type.kind === 'json') return null;
  return type.kind === 'list' ? listFromJson(text, name, type.of) : `CAST(${text} AS ${duckdbType(type)})`;
}

function bytesFromHex(text: string): string {
  return `unhex(substr(${text}, 3))`;
}

function intervalFromText(text: string): string {
  return `CAST(replace(${text}, '+', '') AS INTERVAL)`;
}

/** Text of a JSON array of texts. Its own brackets tell an array of several dimensions, which is no list here. */
function listFromJson(json: string, name: string, of: ColumnType): string {
  const message = quoteText(
    `column ${name} holds an array of several dimensions; write unnest() or array_to_json() in the SQL`,
  );
  const texts = `from_json(${json}, '["VARCHAR"]')`;
  return `CASE WHEN starts_with(${json}, '[[') THEN error(${message}) ELSE ${listFromTexts(texts, of)} END`;
}

function listFromTexts(texts: string, of: ColumnType): string {
  switch (of.kind) {
    case 'string':
    case 'json':
      return texts;
    case 'bytes':
      return `list_transform(${texts}, lambda x: ${bytesFromHex('x')})`;
    case 'interval':
      return `list_transform(${texts}, lambda x: ${intervalFromText('x')})`;
    // Straight to DATE the cast would drop ` BC` silently.
    case 'date':
      return `CAST(CAST(${texts} AS TIMESTAMP[]) AS DATE[])`;
    default:
      return `CAST(${texts} AS ${duckdbType(of)}[])`;
  }
}
