/**
 * Comparisons of the legacy language, in which nothing is an error: a text beside a number is a number, beside a boolean a boolean, and
 * beside a moment a moment; what cannot be read so is null.
 */
import { quoteText } from '../../dialects/quoting.ts';

export interface Written {
  readonly sql: string;
  readonly kind: 'number' | 'text' | 'null' | 'bool' | 'date' | 'timestamp' | 'other';
  /** The text itself, when it stands in the query. */
  readonly literal?: string;
}

const NOTHING = 'cast(null as bool)';

export function compareText(op: string, left: Written, right: Written): string {
  const [one, two] = sameKinds(left, right);
  if (op === '<=>') return `(${one} is not distinct from ${two})`;
  if (one === 'null' || two === 'null') return NOTHING;
  const sign = op === '==' ? '=' : op === '!=' ? '<>' : op;
  return `(${one} ${sign} ${two})`;
}

function sameKinds(left: Written, right: Written): readonly [string, string] {
  const kinds = [left.kind, right.kind];
  if (kinds.includes('null')) return [left.sql, right.sql];
  if (kinds.includes('number')) return [numericText(left), numericText(right)];
  if (!kinds.includes('text')) return [left.sql, right.sql];
  const literal = left.literal ?? right.literal;
  if (kinds.includes('other') && literal !== undefined) return [left.sql, right.sql];
  if (kinds.includes('bool')) return [boolean(left), boolean(right)];
  if (kinds.includes('date') || kinds.includes('timestamp')) return moments(left, right);
  return [textual(left), textual(right)];
}

/** Text that stands in the query and is a number is written as one, so that a database may compute it. */
export function numericText({ sql, kind, literal }: Written): string {
  if (literal !== undefined && /^[+-]?\d{1,15}(?:\.\d+)?$/.test(literal.trim())) return literal.trim();
  if (kind === 'bool') return `cast(${sql} as bigint)`;
  return kind === 'text' ? `try_cast(${sql} as double)` : sql;
}

export function textual({ sql, kind }: Written): string {
  return kind === 'text' ? sql : `cast(${sql} as varchar)`;
}

const TRUE = ['t', 'true', 'y', 'yes', '1'];
const FALSE = ['f', 'false', 'n', 'no', '0'];

function boolean({ sql, kind, literal }: Written): string {
  if (kind !== 'text') return sql;
  if (literal !== undefined) {
    const word = literal.trim().toLowerCase();
    return TRUE.includes(word) ? 'true' : FALSE.includes(word) ? 'false' : 'null';
  }
  const among = (words: readonly string[]): string =>
    `lower(trim(${sql})) in (${words.map(quoteText).join(', ')})`;
  return `case when ${among(TRUE)} then true when ${among(FALSE)} then false end`;
}

/** A text that stands in the query and is a moment is written as one; any other is compared with the moment's own text. */
function moments(left: Written, right: Written): readonly [string, string] {
  const literal = left.literal ?? right.literal;
  const moment = literal === undefined ? null : momentText(literal);
  if (moment === null) return [textual(left), textual(right)];
  const whole = moment.includes(' ');
  const written = ({ sql, kind }: Written): string => {
    if (kind === 'text') return quoteText(moment);
    return kind === 'date' && whole ? `cast(${sql} as timestamp)` : sql;
  };
  return [written(left), written(right)];
}

/** The date, or the date and time, that a text of the query is; also of 8 or 14 digits. */
function momentText(literal: string): string | null {
  const parts =
    /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d(?:\.\d{1,6})?))?)?$/.exec(literal.trim()) ??
    /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?$/.exec(literal.trim());
  if (parts === null) return null;
  const [, year, month, day, hour, minute, second = '00'] = parts;
  const date = `${year}-${month}-${day}`;
  const text = hour === undefined ? date : `${date} ${hour}:${minute}:${second}`;
  const at = Date.parse(
    hour === undefined ? `${date}T00:00:00Z` : `${date}T${hour}:${minute}:${second.slice(0, 2)}Z`,
  );
  // `Date` reads the 31st of a month with 30 days as the first of the next.
  return Number.isNaN(at) || new Date(at).getUTCDate() !== Number(day) ? null : text;
}
