/** Parts, differences and bins of moments as Spark computes them exactly. Sessions are in UTC (connectors/spark/settings.ts). */
import type { TypedCall } from '../../../types/typed.ts';
import { valueType } from '../../../types/typed.ts';
import type { Emitter, FunctionTable, Row } from '../../function-table.ts';
import { castTo } from '../sql.ts';

/** A moment or a date as Spark's timestamp, of which it has the most functions. */
const instant = (value: string): string => `CAST(${value} AS timestamp)`;

const TRUNCATED = new Set(
  'microsecond millisecond second minute hour day week month quarter year'.split(' '),
);

const truncated: Row = {
  emit: ([a], { call }) => castTo(`date_trunc('${call.constants[0]}', ${instant(a!)})`, valueType(call.type)),
  exact: ({ constants }) => TRUNCATED.has(constants[0]!),
};

const SECONDS: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
  week: 604_800,
};
const MONTHS: Readonly<Record<string, number>> = { month: 1, quarter: 3, year: 12 };

/** Borders between: of the beginnings of both units. */
const difference: Row = {
  emit([a, b], { call }) {
    const unit = call.constants[0]!;
    const begin = (value: string): string => `date_trunc('${unit}', ${instant(value)})`;
    const seconds = SECONDS[unit];
    if (seconds !== undefined)
      return `((unix_seconds(${begin(b!)}) - unix_seconds(${begin(a!)})) div ${seconds})`;
    return `CAST(months_between(${begin(b!)}, ${begin(a!)}) / ${MONTHS[unit]} AS bigint)`;
  },
  exact: ({ constants: [unit] }) => SECONDS[unit!] !== undefined || MONTHS[unit!] !== undefined,
};

/** The parts under Spark's names, with what is added to Spark's number. */
const PARTS: Readonly<Record<string, readonly [name: string, more: number]>> = {
  year: ['YEAR', 0],
  quarter: ['QUARTER', 0],
  month: ['MONTH', 0],
  week: ['WEEK', 0],
  day: ['DAY', 0],
  hour: ['HOUR', 0],
  minute: ['MINUTE', 0],
  second: ['SECOND', 0],
  doy: ['DOY', 0],
  dayofyear: ['DOY', 0],
  dow: ['DAYOFWEEK', -1],
  dayofweek: ['DAYOFWEEK', -1],
  isodow: ['DAYOFWEEK_ISO', 0],
  isoyear: ['YEAROFWEEK', 0],
};

const extract: Row = {
  emit([a], { call }) {
    const [name, more] = PARTS[call.constants[0]!]!;
    const part = `CAST(extract(${name} FROM ${instant(a!)}) AS bigint)`;
    return more === 0 ? part : `(${part} + ${more})`;
  },
  exact: ({ constants, type }) => PARTS[constants[0]!] !== undefined && type.kind === 'int64',
};

/** Monday, 3 January 2000, which is a midnight as well, in microseconds since 1970. */
const ORIGIN = 946_857_600_000_000n;
/** Makes the distance of every moment from the origin positive: Spark's `div` cuts toward zero. */
const FARTHEST = 400_000_000_000_000_000n;

const MICROS: Readonly<Record<string, bigint>> = {
  microsecond: 1n,
  millisecond: 1000n,
  second: 1_000_000n,
  minute: 60_000_000n,
  hour: 3_600_000_000n,
  day: 86_400_000_000n,
};
const WHOLE_UNITS: Readonly<Record<string, string>> = { 1: 'month', 3: 'quarter', 12: 'year' };

/** Fixed widths are counted from the origin; months where they divide the year as units of their own do. */
const bin: Emitter = ([, a], { call }) => {
  const type = valueType(call.type);
  const unit = monthsUnit(call);
  if (unit !== null) return castTo(`date_trunc('${unit}', ${instant(a!)})`, type);
  const width = widthOf(call)!;
  const before = FARTHEST / width + 1n;
  const shift = ORIGIN - before * width;
  const micros = `(((unix_micros(${instant(a!)}) - ${shift}L) div ${width}L) * ${width}L + ${shift}L)`;
  return castTo(`timestamp_micros(${micros})`, type);
};

function monthsUnit({ constants: [count, unit] }: TypedCall): string | null {
  return unit === 'month' ? (WHOLE_UNITS[count!] ?? null) : null;
}

/** The width in microseconds; null: it is none, or longer than moments are apart. */
function widthOf({ constants: [count, unit] }: TypedCall): bigint | null {
  const one = MICROS[unit!];
  if (one === undefined || !/^\d{1,18}$/.test(count!)) return null;
  const width = BigInt(count!) * one;
  return width > 0n && width < FARTHEST ? width : null;
}

export const time = {
  'bin/moment': { emit: bin, exact: (call) => monthsUnit(call) !== null || widthOf(call) !== null },
  date_trunc: truncated,
  date_diff: difference,
  extract,
} satisfies FunctionTable;
