/**
 * Values of a result that was kept, in DuckDB's SQL, from the text that each has in CSV (workers/dsl/value-text.ts and
 * connectors/kit/encode write it): their JSON, and the values themselves.
 *
 * Invariants: `text` is short (a plain column, a lambda's variable), since expressions repeat it; null stays null.
 */
import { QueryError } from '../../../core/protocol/errors.ts';
import { type Column, type ColumnType, typeName } from '../../../core/protocol/types.ts';
import { isUnsized } from '../../types/rules.ts';
import { raiseError } from './raise.ts';
import { duckdbType } from './sql.ts';
import { jsonOnOneLine, jsonString } from './text.ts';

export type NumberStyle = 'number' | 'string';

/** A number in the text of a list of numbers; numbers in quotes (`"NaN"`) are none. */
const NUMBER_IN_LIST = '(-?[0-9][0-9.]*)';

/** Returns SQL of the value's JSON. */
export function jsonOfKeptText(type: ColumnType, text: string, numbers: NumberStyle): string {
  switch (type.kind) {
    case 'int64':
    case 'decimal':
      return numbers === 'string' ? `('"' || ${text} || '"')` : quotedUnlessNumber(text);
    case 'float64':
      return quotedUnlessNumber(text);
    case 'bool':
      return text;
    case 'list':
      return numbers === 'string' && isExactNumber(elementOf(type)) ? quotedNumbers(text) : text;
    case 'json':
      return jsonOnOneLine(text);
    case 'string':
      return jsonString(text);
    case 'bytes':
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'interval':
    case 'uuid':
      return `('"' || ${text} || '"')`;
    default:
      return type satisfies never;
  }
}

/** Returns SQL of the value as Arrow and Parquet hold it; an interval is its text there. Throws `unsupported`. */
export function valueOfKeptText({ name, type }: Column, text: string): string {
  switch (type.kind) {
    case 'string':
    case 'json':
    case 'interval':
      return text;
    case 'bytes':
      return `from_base64(${text})`;
    case 'date':
      return `CAST(replace(${text}, ' BC', ' (BC)') AS DATE)`;
    case 'timestamp':
    case 'timestamptz':
      return `CAST(${momentText(text)} AS ${duckdbType(type)})`;
    case 'decimal':
      return decimalOf(name, type, text);
    case 'list':
      return listOf(name, type.of, text);
    case 'bool':
    case 'int64':
    case 'float64':
    case 'time':
    case 'uuid':
      return `CAST(${text} AS ${duckdbType(type)})`;
    default:
      return type satisfies never;
  }
}

/** Returns the column as the values of `valueOfKeptText` are typed. */
export function typeOfKeptValue(type: ColumnType): ColumnType {
  if (type.kind === 'interval') return { kind: 'string' };
  return type.kind === 'list' ? { kind: 'list', of: typeOfKeptValue(type.of) } : type;
}

function quotedUnlessNumber(text: string): string {
  return `CASE WHEN right(${text}, 1) BETWEEN '0' AND '9' THEN ${text} ELSE '"' || ${text} || '"' END`;
}

/** Returns SQL of a list's text with its numbers between quotes, so that none of their digits is lost. */
function quotedNumbers(text: string): string {
  return `regexp_replace(${text}, '${NUMBER_IN_LIST}', '"\\1"', 'g')`;
}

function isExactNumber({ kind }: ColumnType): boolean {
  return kind === 'int64' || kind === 'decimal';
}

function elementOf(type: ColumnType): ColumnType {
  return type.kind === 'list' ? elementOf(type.of) : type;
}

/** Returns SQL that moves ` BC` from the end, where answers have it, behind the date, where DuckDB reads it. */
function momentText(text: string): string {
  return `regexp_replace(${text}, '^(\\S+) (.*) BC$', '\\1 (BC) \\2')`;
}

/** The text of a decimal without a size that fits the engine's. */
const FITTING_DECIMAL = String.raw`-?\d{1,20}(\.\d{0,18}0*)?`;

function decimalOf(name: string, type: ColumnType, text: string): string {
  const known = isUnsized(type)
    ? `regexp_full_match(${text}, '${FITTING_DECIMAL}')`
    : `TRY_CAST(${text} AS ${duckdbType(type)}) IS NOT NULL`;
  const raised = raiseError({
    code: 'bad-value',
    message: `column ${name} holds a numeric that Arrow and Parquet cannot carry exactly: without a size it has 20 digits before the point and 18 after, and no NaN or Infinity`,
    hint: `cast it in the query that the job runs, to a numeric of a size or to text`,
  });
  return `CASE WHEN ${text} IS NULL THEN NULL WHEN ${known} THEN CAST(${text} AS ${duckdbType(type)}) ELSE ${raised} END`;
}

function listOf(name: string, of: ColumnType, text: string): string {
  if (of.kind === 'list' || of.kind === 'json')
    throw new QueryError('unsupported', `column ${name}, a list<${typeName(of)}>, is kept as a text only`, {
      hint: 'Fetch the result as json, ndjson or csv, or cast the column to text in the query that the job runs.',
    });
  const json = isExactNumber(of) ? quotedNumbers(text) : text;
  const element = valueOfKeptText({ name, type: of }, 'x');
  const texts = `from_json(${json}, '["VARCHAR"]')`;
  return element === 'x' ? texts : `list_transform(${texts}, lambda x: ${element})`;
}
