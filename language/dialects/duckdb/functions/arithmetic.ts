/** Arithmetic in the stage engine: numbers, and points in time. */
import { staysInRange, waysOutOfRange } from '../../../types/float-range.ts';
import type { Emitter, FunctionTable } from '../../function-table.ts';
import { infix } from '../../standard-sql.ts';
import { onceInDuckdb } from '../once.ts';
import { rangeChecked } from './float-range.ts';

const bothNotZero = ([a, b]: readonly string[]): string => `${a} <> 0 AND ${b} <> 0`;

const dividendNotZero = ([a]: readonly string[]): string => `${a} <> 0`;

/** Checks what may happen to a result of floats. Sums of tiny numbers are exact; only products and quotients become 0. */
function checked(operator: string, plain: Emitter): Emitter {
  const lost = operator === '/' ? dividendNotZero : bothNotZero;
  return (args, site) => {
    const sides = site.call.args;
    const { overflow, underflow } = waysOutOfRange(operator, sides);
    const isSafe = staysInRange(operator, sides) || (!overflow && !underflow);
    return (isSafe ? plain : rangeChecked(plain, underflow ? lost : null, overflow))(args, site);
  };
}

const ofFloats = (operator: string): Emitter => checked(operator, infix(operator));

const quotient: Emitter = ([a, b]) => `(${a} / nullif(${b}, 0e0))`;

/** The least int64 overflows by -1 in the engine, though its remainder is 0 as by 1. */
const remainder: Emitter = (args, { call }) => {
  const plain = ([a, b]: readonly string[]): string => `(${a} % nullif(${b}, 0))`;
  const divisor = call.args[1]!;
  const isOther = divisor.kind === 'literal' && divisor.value !== '-1';
  if (call.type.kind !== 'int64' || isOther) return plain(args);
  return onceInDuckdb(args, ([a, b]) => plain([a!, `CASE ${b} WHEN -1 THEN 1 ELSE ${b} END`]));
};

/** The engine's own sum of a timestamptz begins with the hours. */
function shifted(operator: string): Emitter {
  return ([a, b], { call }) =>
    call.type.kind === 'timestamptz'
      ? `CAST((CAST(${a} AS TIMESTAMP) ${operator} ${b}) AS TIMESTAMPTZ)`
      : `(${a} ${operator} ${b})`;
}

/** Within the years that sources have as well. */
function shiftedByDays(operator: string): Emitter {
  return ([day, days]) =>
    onceInDuckdb(
      [`(${day} ${operator} CAST(${days} AS INTEGER))`],
      ([date]) =>
        `CASE WHEN isfinite(${date}) AND ${date} NOT BETWEEN DATE '4714-11-24 (BC)' AND DATE '5874897-12-31' THEN CAST('out of range' AS DATE) ELSE ${date} END`,
    );
}

/** Infinite moments have no difference: the engine makes some number of days. */
const difference: Emitter = (args, { call }) => {
  const wrong = `CAST('infinity' AS ${call.type.kind === 'int64' ? 'BIGINT' : 'INTERVAL'})`;
  return onceInDuckdb(
    args,
    ([x, y]) =>
      `CASE WHEN (isfinite(${x}) AND isfinite(${y})) OR ${x} IS NULL OR ${y} IS NULL THEN (${x} - ${y}) ELSE ${wrong} END`,
  );
};

export const arithmetic = {
  '+/int64': infix('+'),
  '+/decimal': infix('+'),
  '+/float64': ofFloats('+'),
  '+/interval': shifted('+'),
  '+/days': shiftedByDays('+'),
  '-/int64': infix('-'),
  '-/decimal': infix('-'),
  '-/float64': ofFloats('-'),
  '-/interval': shifted('-'),
  '-/days': shiftedByDays('-'),
  '-/moments': difference,
  '*/int64': infix('*'),
  '*/decimal': infix('*'),
  '*/float64': ofFloats('*'),
  '*/interval': infix('*'),
  '/': checked('/', quotient),
  '%': remainder,
  'div/int64': ([a, b]) => `(${a} // ${b})`,
  'div/decimal': ([a, b]) => `CAST((CAST(${a} AS HUGEINT) // CAST(${b} AS HUGEINT)) AS DECIMAL(38,0))`,
  negate: ([a]) => `(- ${a})`,
} satisfies FunctionTable;
