/**
 * A value as text, computed by DuckDB: for each column type the SQL expression that prints it as the answer formats
 * want it. The text equals what the SQL workers make of PostgreSQL's own text for the same value, with one rare
 * exception that means the same: large doubles that lie on the edge of what reads back as them (1e+23 here, 9.999999999999999e+22 there).
 *
 * Printing in the engine, vector by vector, takes a third to a half of what printing its vectors in JavaScript
 * does, and the answer's bytes then need not be touched again (loadtest/bench-encode.ts).
 *
 * Invariants: an expression is null exactly where the value is null; the argument is a plain column or a lambda's
 * variable, so that it may be repeated; the value was cast by `castTo` before.
 */
import type { ColumnType } from '../../language/types.ts';

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
      // Raw line ends and tabs are white space in JSON (they cannot stand in its strings), and a line of NDJSON is one.
      return `translate(${value}, chr(9) || chr(10) || chr(13), '   ')`;
    case 'string':
      return `to_json(${value})::VARCHAR`;
    default:
      return quoted(plainText(type, value));
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
    default:
      return plainText(type, value);
  }
}

/** The value's text without quotes around it. */
export function plainText(type: ColumnType, value: string): string {
  switch (type.kind) {
    case 'decimal':
      return type.precision === null ? trimmedDecimal(value) : `${value}::VARCHAR`;
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
    default:
      return `${value}::VARCHAR`;
  }
}

function quoted(text: string): string {
  return `('"' || ${text} || '"')`;
}

function csvQuoted(text: string): string {
  const quotedText = `'"' || replace(${text}, '"', '""') || '"'`;
  return `CASE WHEN ${text} = '' OR regexp_matches(${text}, '[,"\\r\\n]') THEN ${quotedText} ELSE ${text} END`;
}

/** `1.500` as `1.5`, `2.000` as `2`: a numeric without a declared scale shows no more digits than it has. */
function trimmedDecimal(value: string): string {
  const text = `${value}::VARCHAR`;
  return `CASE WHEN contains(${text}, '.') THEN rtrim(rtrim(${text}, '0'), '.') ELSE ${text} END`;
}

/**
 * The shortest text that reads back as the same double, laid out as PostgreSQL does: without `.0`, and with an
 * exponent from 1e15 on, where DuckDB begins at 1e16. What is rare is short rather than fast: the engine plans all of it
 * for every column of every query.
 */
function floatText(value: string, quote: string): string {
  const text = `${value}::VARCHAR`;
  const whole = `CASE WHEN ${value} = 0 THEN left(${text}, -2) ELSE ${value}::BIGINT::VARCHAR END`;
  const withExponent = `regexp_replace(${text}, '(\\d)(\\d{15})\\.(\\d+)', '\\1.\\2\\3e+15')`;
  return `CASE
    WHEN abs(${value}) < 1e15 THEN CASE WHEN ${value} = trunc(${value}) THEN ${whole} ELSE ${text} END
    WHEN abs(${value}) < 1e16 THEN regexp_replace(${withExponent}, '\\.?0*e', 'e')
    WHEN isfinite(${value}) THEN ${text}
    WHEN isnan(${value}) THEN '${quote}NaN${quote}'
    WHEN ${value} > 0 THEN '${quote}Infinity${quote}'
    WHEN ${value} < 0 THEN '${quote}-Infinity${quote}' END`;
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

/** `1 year 2 mons -3 days +04:05:06`: a positive field after a negative one carries its sign. */
function intervalText(value: string): string {
  const named = `replace(${value}::VARCHAR, ' month', ' mon')`;
  const plural = `regexp_replace(${named}, '-1 (year|mon|day)( |$)', '-1 \\1s\\2', 'g')`;
  return `regexp_replace(${plural}, '(-\\d+ [a-z]+) (\\d)', '\\1 +\\2', 'g')`;
}

function listText(of: ColumnType, value: string, numbers: NumberStyle): string {
  const element = `${value}_e`;
  const text = `coalesce(${jsonText(of, element, numbers)}, 'null')`;
  return `('[' || array_to_string(list_transform(${value}, lambda ${element}: ${text}), ',') || ']')`;
}
