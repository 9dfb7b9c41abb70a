/**
 * A value as text, in DuckDB's SQL, laid out as stages define it: for `cast(x as string)`, names of pivoted
 * columns, `summary`, and the numbers and intervals of answers.
 *
 * Invariants: an expression is null exactly where the value is null; the argument of the functions whose name ends
 * in `Text` is short (a plain column, a lambda's variable), since they repeat it.
 */
import { type ExprType, isMoment, isUnsized } from '../../types/rules.ts';
import { onceInDuckdb } from './once.ts';

/** Text of any value that has one; `value` may be any expression. */
export function textInDuckdb(type: ExprType, value: string): string {
  if (isUnsized(type)) return onceInDuckdb([value], ([a]) => trimmedDecimalText(a!));
  if (type.kind === 'float64') return onceInDuckdb([value], ([a]) => floatText(a!, ''));
  if (type.kind === 'interval') return intervalText(value);
  if (isMoment(type)) return `regexp_replace(CAST(${value} AS VARCHAR), '^(.*) \\(BC\\)(.*)$', '\\1\\2 BC')`;
  return `CAST(${value} AS VARCHAR)`;
}

/** `1.500` as `1.5`, `2.000` as `2`: a numeric without a declared scale shows no more digits than it has. */
export function trimmedDecimalText(value: string): string {
  const text = `${value}::VARCHAR`;
  return `CASE WHEN contains(${text}, '.') THEN rtrim(rtrim(${text}, '0'), '.') ELSE ${text} END`;
}

/**
 * The shortest text that reads back as the same double, laid out as stages do: without `.0`, and with an
 * exponent from 1e15 on, where DuckDB begins at 1e16. What is rare is short rather than fast: the engine plans all of it
 * for every column of every query. `quote` stands around what is no number in JSON.
 */
export function floatText(value: string, quote: string): string {
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

/** `1 year 2 mons -3 days +04:05:06`: a positive field after a negative one carries its sign. `value` may be any expression. */
export function intervalText(value: string): string {
  const named = `replace(${value}::VARCHAR, ' month', ' mon')`;
  const plural = `regexp_replace(${named}, '-1 (year|mon|day)( |$)', '-1 \\1s\\2', 'g')`;
  return `regexp_replace(${plural}, '(-\\d+ [a-z]+) (\\d)', '\\1 +\\2', 'g')`;
}

/** Returns SQL of a JSON text on one line, as NDJSON needs it: raw line ends and tabs are white space in JSON, and cannot stand in its strings. */
export function jsonOnOneLine(text: string): string {
  return `translate(${text}, chr(9) || chr(10) || chr(13), '   ')`;
}

/** Returns SQL of a text as a JSON string. */
export function jsonString(text: string): string {
  return `to_json(${text})::VARCHAR`;
}
