/**
 * Says which texts are cast to another type, the same in every dialect.
 *
 * Each engine reads more texts than others somewhere: '1e3' or '0x1F' as an integer, '2020/1/2' or 'tomorrow' as a date, 'on'
 * as a bool. So what a text may look like is said here; any other is marked (with `chr(1)` at its end), so that it fails
 * everywhere as nonsense would. The mark is taken off where errors are worded. Decimals are read without exponents: the
 * stage engine makes 0.01 of '5e-7'.
 */
import type { ColumnType } from '../../core/protocol/types.ts';

const NUMBER = '[-+]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][-+]?[0-9]{1,3})?';
const YEAR = '([0-9]{3}[1-9]|[0-9]{2}[1-9][0-9]|[0-9][1-9][0-9]{2}|[1-9][0-9]{3})';
const DAY = `${YEAR}-[0-9]{1,2}-[0-9]{1,2}`;
const CLOCK = '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,})?)?';
const ZONE = '(Z|[-+](0[0-9]|1[0-4])(:?[0-5][0-9])?)?';
const TIMESTAMP_TEXT = `-?infinity|${DAY}([ T]${CLOCK}${ZONE})?`;

/** The form of a whole text, but for blanks around it; for types without an entry engines agree. */
const FORMS: Partial<Record<ColumnType['kind'], string>> = {
  int64: '[-+]?[0-9]+',
  float64: `${NUMBER}|[Nn]a[Nn]|-?[Ii]nf(inity)?`,
  decimal: '[-+]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)',
  bool: '(?i:true|false|t|f|yes|no|y|n|1|0)',
  date: TIMESTAMP_TEXT,
  timestamp: TIMESTAMP_TEXT,
  timestamptz: TIMESTAMP_TEXT,
  time: CLOCK,
  uuid: '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}',
};

/** Tells whether texts that are cast to the type must have a form. */
export function hasForm(to: ColumnType): boolean {
  return FORMS[to.kind] !== undefined;
}

/** Returns a regular expression of the texts that are read as the type. */
export function wholeForm(to: ColumnType): string {
  const blanks = to.kind === 'bool' ? '' : '[ \\t\\n\\v\\f\\r]*';
  return `^${blanks}(${FORMS[to.kind]!})${blanks}$`;
}
