/**
 * A value as text, computed by DuckDB: for each column type the SQL expression that prints it as the answer formats
 * want it. The text equals what the SQL workers make of PostgreSQL's own text for the same value, with one rare
 * exception that means the same: large doubles that lie on the edge of what reads back as them (1e+23 here, 9.999999999999999e+22 there).
 *
 * Printing in the engine, vector by vector, takes a third to a half of what printing its vectors in JavaScript
 * does, and the answer's bytes then need not be touched again (loadtest/bench/studies/encode.ts).
 *
 * Invariants: an expression is null exactly where the value is null; the argument is a plain column or a lambda's
 * variable, so that it may be repeated; the value was cast by `castTo` before.
 */
import type { ColumnType } from '../../core/protocol/types.ts';
import {
  floatText,
  intervalText,
  jsonOnOneLine,
  jsonString,
  trimmedDecimalText,
} from '../../language/dialects/duckdb/text.ts';

export type NumberStyle = 'number' | 'string';

/** The DuckDB type that an answer's column is brought to before it is printed; null: as it comes. */
export function castTo(type: ColumnType): string | null {
  switch (type.kind) {
    case 'int64':
      return 'BIGINT';
    case 'float64':
      return 'DOUBLE';
    case 'bool':
      return 'BOOLEAN';
    case 'bytes':
      return 'BLOB';
    case 'string':
    case 'json':
      return 'VARCHAR';
    case 'timestamptz':
      return 'TIMESTAMPTZ';
    case 'date':
    case 'time':
    case 'timestamp':
    case 'interval':
    case 'uuid':
      return type.kind.toUpperCase();
    case 'decimal':
      return type.precision === null ? null : `DECIMAL(${type.precision}, ${type.scale ?? 0})`;
    case 'list': {
      const element = castTo(type.of);
      return element === null ? null : `${element}[]`;
    }
    default:
      throw new Error(`a column of type ${(type satisfies never as ColumnType).kind}`);
  }
}

/** A JSON value; null where the value is null. */
export function jsonText(type: ColumnType, value: string, numbers: NumberStyle): string {
  switch (type.kind) {
    case 'int64':
    case 'decimal':
      return numbers === 'string' ? quoted(plainText(type, value)) : plainText(type, value);
    case 'float64':
      return floatText(value, '"');
    case 'bool':
      return plainText(type, value);
    case 'list':
      return listText(type.of, value, numbers);
    case 'json':
      return jsonOnOneLine(value);
    case 'string':
      return jsonString(value);
    case 'bytes':
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'interval':
    case 'uuid':
      return quoted(plainText(type, value));
    default:
      return type satisfies never;
  }
}

/** A CSV field, quoted as PostgreSQL quotes: when it is empty or has a comma, a quote or a line end. */
export function csvText(type: ColumnType, value: string): string {
  switch (type.kind) {
    case 'string':
    case 'json':
      return csvQuoted(value);
    case 'list':
    case 'bytes':
      return csvQuoted(plainText(type, value));
    case 'bool':
    case 'int64':
    case 'float64':
    case 'decimal':
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
    case 'interval':
    case 'uuid':
      return plainText(type, value);
    default:
      return type satisfies never;
  }
}

/** The value's text without quotes around it. */
export function plainText(type: ColumnType, value: string): string {
  switch (type.kind) {
    case 'decimal':
      return type.precision === null ? trimmedDecimalText(value) : `${value}::VARCHAR`;
    case 'float64':
      return floatText(value, '');
    case 'date':
      return `replace(${value}::VARCHAR, ' (BC)', ' BC')`;
    case 'timestamp':
      return timestampText(value, '');
    case 'timestamptz':
      // The session's time zone is UTC, so that this cast gives the instant's UTC wall clock.
      return timestampText(`${value}::TIMESTAMP`, 'Z');
    case 'interval':
      return intervalText(value);
    case 'bytes':
      return `to_base64(${value})`;
    case 'list':
      return listText(type.of, value, 'number');
    case 'string':
    case 'json':
      return value;
    case 'bool':
    case 'int64':
    case 'time':
    case 'uuid':
      return `${value}::VARCHAR`;
    default:
      return type satisfies never;
  }
}

function quoted(text: string): string {
  return `('"' || ${text} || '"')`;
}

function csvQuoted(text: string): string {
  const quotedText = `'"' || replace(${text}, '"', '""') || '"'`;
  return `CASE WHEN ${text} = '' OR regexp_matches(${text}, '[,"\\r\\n]') THEN ${quotedText} ELSE ${text} END`;
}

/** ISO 8601 with a fraction only when there is one; infinity and years before 1 as PostgreSQL prints them. */
function timestampText(value: string, zone: '' | 'Z'): string {
  const text = `${value}::VARCHAR`;
  const bc = `replace(${text}, ' (BC)', '') || '${zone === 'Z' ? '+00' : ''} BC'`;
  return `CASE
    WHEN isfinite(${value}) AND ${value} >= TIMESTAMP '0001-01-01'
      THEN concat(${value}::DATE::VARCHAR, 'T', ${value}::TIME::VARCHAR, '${zone}')
    WHEN isfinite(${value}) THEN ${bc}
    ELSE ${text} END`;
}

function listText(of: ColumnType, value: string, numbers: NumberStyle): string {
  const element = `${value}_e`;
  const text = `coalesce(${jsonText(of, element, numbers)}, 'null')`;
  return `('[' || array_to_string(list_transform(${value}, lambda ${element}: ${text}), ',') || ']')`;
}
