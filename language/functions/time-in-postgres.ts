/** Parts, differences and bins of moments in PostgreSQL's SQL, as the stage engine has them; null where it has them otherwise. */
import type { ColumnType } from '../../core/protocol/types.ts';
import { onceInPostgres } from '../dialects/bind-once.ts';
import { postgresType } from '../dialects/postgres/sql.ts';
import { type Emitter, type Typed, valueType } from '../types/typed.ts';
import { type CallSite, constantText } from './kit/function.ts';

/** Parts of a time of day of a date are 0; of infinity there is none. PostgreSQL has fractions of seconds. */
export function partInPostgres(part: string, type: ColumnType): Emitter {
  return ([a]) => {
    const value = `CAST(extract(${part} FROM CAST(${a} AS timestamp)) AS float8)`;
    const finite = `nullif(nullif(${value}, CAST('Infinity' AS float8)), CAST('-Infinity' AS float8))`;
    // The year before 1 is -1 there and 0 here: half a year on, what is cut off toward zero is one less.
    const whole = YEARS.has(part) ? `${finite} + CAST('0.5' AS float8)` : finite;
    return part === 'epoch' ? finite : `CAST(trunc(${whole}) AS ${postgresType(type)})`;
  };
}

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
export function differenceInPostgres(unit: string): Emitter | null {
  const counted = countedUnits(unit);
  if (counted === null) return null;
  return (args) =>
    onceInPostgres(
      args,
      ([a, b]) =>
        `CASE WHEN isfinite(${a}) AND isfinite(${b}) THEN CAST(${counted(b!)} - ${counted(a!)} AS int8) END`,
    );
}

/** A number that grows by one with each unit; null for units that PostgreSQL counts otherwise. */
function countedUnits(unit: string): ((at: string) => string) | null {
  const seconds = SECONDS[unit];
  if (seconds !== undefined) return (at) => `extract(epoch FROM date_trunc('${unit}', ${at})) / ${seconds}`;
  const inYear = PER_YEAR[unit];
  if (inYear === undefined) return null;
  // Without a year 0 the years before 1 would be counted one too many.
  const year = (at: string): string => `trunc(extract(year FROM ${at}) + 0.5)`;
  if (inYear === 1) return year;
  return (at) => `(${year(at)} * ${inYear} + extract(${unit} FROM ${at}))`;
}

/**
 * Fixed widths by date_bin, from Monday, 3 January 2000, which is a midnight as well; months by date_trunc, where they
 * divide the year. Other numbers of months have no counterpart.
 */
export function binInPostgres(call: CallSite, value: Typed): Emitter | null {
  const [count, unit] = constantText(call, 1, 'the duration').split(' ');
  const type = postgresType(valueType(value.type));
  const months = unit === 'month' ? Number(count) : 0;
  const whole = WHOLE_UNITS[months];
  if (whole !== undefined) return ([, a]) => `CAST(date_trunc('${whole}', ${a}) AS ${type})`;
  if (months > 0) return null;
  const origin = valueType(value.type).kind === 'timestamptz' ? 'timestamptz' : 'timestamp';
  return ([w, a]) =>
    onceInPostgres(
      [a!],
      ([at]) =>
        `CAST(CASE WHEN isfinite(${at}) THEN date_bin(${w}, CAST(${at} AS ${origin}), CAST('2000-01-03 00:00:00' AS ${origin})) ELSE ${at} END AS ${type})`,
    );
}

const WHOLE_UNITS: Readonly<Record<number, string>> = { 1: 'month', 3: 'quarter', 12: 'year' };
