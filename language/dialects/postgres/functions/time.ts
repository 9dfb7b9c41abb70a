/** Parts, differences and bins of moments in PostgreSQL's SQL, where it has them as the stage engine does. */
import { type TypedCall, valueType } from '../../../types/typed.ts';
import type { Emitter, FunctionTable, Row } from '../../function-table.ts';
import { onceInPostgres } from '../once.ts';
import { postgresType, quoteText } from '../sql.ts';

/** The name of the type of a call's value, or of its argument `index`. */
function typeOf({ type, args }: TypedCall, index?: number): string {
  return postgresType(valueType(index === undefined ? type : args[index]!.type));
}

/** Parts of a time of day of a date are 0; of infinity there is none. PostgreSQL has fractions of seconds. */
const extract: Emitter = ([a], { call }) => {
  const part = call.constants[0]!;
  const value = `CAST(extract(${part} FROM CAST(${a} AS timestamp)) AS float8)`;
  const finite = `nullif(nullif(${value}, CAST('Infinity' AS float8)), CAST('-Infinity' AS float8))`;
  // The year before 1 is -1 there and 0 here: half a year on, what is cut off toward zero is one less.
  const whole = YEARS.has(part) ? `${finite} + CAST('0.5' AS float8)` : finite;
  return part === 'epoch' ? finite : `CAST(trunc(${whole}) AS ${typeOf(call)})`;
};

const YEARS = new Set(['year', 'isoyear']);

const SECONDS: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
  week: 604_800,
};
const PER_YEAR: Readonly<Record<string, number>> = { month: 12, quarter: 4, year: 1 };

/** Borders between: of the beginnings of both units. Infinite moments have none. */
const difference: Row = {
  emit(args, { call }) {
    const counted = countedUnits(call.constants[0]!)!;
    return onceInPostgres(
      args,
      ([a, b]) =>
        `CASE WHEN isfinite(${a}) AND isfinite(${b}) THEN CAST(${counted(b!)} - ${counted(a!)} AS int8) END`,
    );
  },
  exact: ({ constants }) => countedUnits(constants[0]!) !== null,
};

/** A number that grows by one with each unit; null for units that PostgreSQL counts otherwise. */
function countedUnits(unit: string): ((at: string) => string) | null {
  const seconds = SECONDS[unit];
  if (seconds !== undefined) return (at) => `extract(epoch FROM date_trunc('${unit}', ${at})) / ${seconds}`;
  const inYear = PER_YEAR[unit];
  if (inYear === undefined) return null;
  // PostgreSQL has no year 0, so that the years before 1 would be counted one too many.
  const year = (at: string): string => `trunc(extract(year FROM ${at}) + 0.5)`;
  if (inYear === 1) return year;
  return (at) => `(${year(at)} * ${inYear} + extract(${unit} FROM ${at}))`;
}

/**
 * Fixed widths by date_bin, from Monday, 3 January 2000, which is a midnight as well; months by date_trunc where they divide
 * the year, others counted from January 2000.
 */
const bin: Row = {
  emit([width, a], { call }) {
    const type = typeOf(call, 1);
    const months = monthsOf(call);
    const whole = WHOLE_UNITS[months];
    if (whole !== undefined) return `CAST(date_trunc('${whole}', ${a}) AS ${type})`;
    if (type === 'date' && call.constants.join(' ') === '1 day') return a!;
    const moments = type === 'timestamptz' ? 'timestamptz' : 'timestamp';
    const moment = (at: string): string => (type === 'date' ? `CAST(${at} AS timestamp)` : at);
    if (months === 0)
      return `CAST(date_bin(${width}, ${moment(a!)}, CAST('2000-01-03 00:00:00' AS ${moments})) AS ${type})`;
    return onceInPostgres(
      [a!],
      ([at]) =>
        `CAST(CASE WHEN isfinite(${at}) THEN ${monthsBin(moment(at!), months)} ELSE ${moment(at!)} END AS ${type})`,
    );
  },
  // A longer one could begin before the first moment that there is.
  exact: (call) => monthsOf(call) <= MOST_MONTHS,
};

const MOST_MONTHS = 4000 * 12;

/** The beginning of the moment's month, less the months that its bin has had before. */
function monthsBin(at: string, count: number): string {
  const since = `(${countedUnits('month')!(at)} - 24001)`;
  const over = `mod(mod(${since}, ${count}) + ${count}, ${count})`;
  return `(date_trunc('month', ${at}) - make_interval(months => CAST(${over} AS int4)))`;
}

/** The width in months; 0: it is a fixed one. */
function monthsOf({ constants: [count, unit] }: TypedCall): number {
  return unit === 'month' ? Number(count) : 0;
}

const WHOLE_UNITS: Readonly<Record<number, string>> = { 1: 'month', 3: 'quarter', 12: 'year' };

/** The 21st century begins in 2001 in PostgreSQL, and in 2000 in the stage engine. */
const truncated: Row = {
  emit: ([a], { call }) => `CAST(date_trunc('${call.constants[0]}', ${a}) AS ${typeOf(call)})`,
  exact: ({ constants }) => constants[0] !== 'century',
};

/**
 * Zones that have one offset for ever. The rules of the others change, and a database may have another release of them than
 * the stage engine; PostgreSQL also takes some names (`CET`) for abbreviations of a fixed offset.
 */
const FIXED_ZONE = /^(UTC|GMT|Etc\/(UTC|GMT([+-]\d+)?))$/;

const atTimezone: Row = {
  emit: ([a], { call }) => `(${a} AT TIME ZONE ${quoteText(call.constants[0]!)})`,
  exact: ({ constants }) => FIXED_ZONE.test(constants[0]!),
};

export const time = {
  now: () => 'now()',
  ago: ([a]) => `(now() - ${a})`,
  'bin/moment': bin,
  date_trunc: truncated,
  date_diff: difference,
  extract,
  at_timezone: atTimezone,
} satisfies FunctionTable;
