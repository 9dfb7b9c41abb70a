/**
 * DuckDB's side of types: their names in SQL, literals, quoting, and how a column that a source sent as CSV is read. What
 * DuckDB's CSV reader takes exactly is read by it; what it does not is read as text and made by an expression. Each was
 * checked on text that a real database wrote:
 *
 *   decimal without size   DECIMAL(38,18): digits past the 18th of a fraction are rounded; more than 20 digits
 *                          before the point, NaN and Infinity are bad-value errors (cast to float64 in the SQL)
 *   bytes                  hex text, unhex()
 *   interval               a `+` after a negative field is dropped: DuckDB cannot read it and it changes nothing
 *   json                   its text, verbatim
 *   arrays                 JSON of the elements' texts from the database: the exact text of each, cast here
 *   date, timestamp        years 1 to 9999 and beyond, and infinity; years BC are bad-value errors
 */
import type { InputColumn } from '../../../core/protocol/plan.ts';
import type { Column, ColumnType, ScalarKind } from '../../../core/protocol/types.ts';
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

/** How a column of the source enters the stage engine. */
export function inputColumn(column: Column): InputColumn {
  const { name, type } = column;
  const read = quoteName(name);
  switch (type.kind) {
    case 'bytes':
      return { name, csvType: 'VARCHAR', expression: bytesFromHex(read) };
    case 'interval':
      return { name, csvType: 'VARCHAR', expression: intervalFromText(read) };
    case 'date':
      return { name, csvType: 'VARCHAR', expression: dateFromText(read, name) };
    case 'timestamptz':
      return { name, csvType: 'VARCHAR', expression: instantFromText(read, name) };
    case 'list':
      return { name, csvType: 'VARCHAR', expression: listFromJson(read, name, type.of) };
    default:
      return { name, csvType: duckdbType(type), expression: null };
  }
}

function bytesFromHex(text: string): string {
  return `unhex(substr(${text}, 3))`;
}

function intervalFromText(text: string): string {
  return `CAST(replace(${text}, '+', '') AS INTERVAL)`;
}

/** The cast to DATE drops ` BC` silently. By way of TIMESTAMP, as in lists, it would not reach the last dates. */
function dateFromText(text: string, name: string): string {
  const message = quoteText(`column ${name} holds a date before Christ; cast it to text in the SQL`);
  return `CASE WHEN ends_with(${text}, 'C') THEN error(${message}) ELSE CAST(${text} AS DATE) END`;
}

/** What the CSV reader cannot read as TIMESTAMPTZ becomes null without a word; a cast fails. */
function instantFromText(text: string, name: string): string {
  const message = quoteText(`column ${name} holds a moment before Christ; cast it to text in the SQL`);
  return `CASE WHEN ends_with(${text}, 'C') THEN error(${message}) ELSE CAST(${text} AS TIMESTAMPTZ) END`;
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
