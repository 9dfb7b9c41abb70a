/** Numbers in the stage engine. Rounding is half away from zero. */
import { decimalSize } from '../../../types/rules.ts';
import type { Emitter, FunctionTable } from '../../function-table.ts';
import { infix, named } from '../../standard-sql.ts';
import { onceInDuckdb } from '../once.ts';
import { floatLiteral } from '../sql.ts';
import { OUT_OF_RANGE, rangeChecked } from './float-range.ts';

/** Rounds a number with a known size. Where no digit is left the engine would make 0 of null. */
function roundExact(plain: (a: string, digits: number) => string): Emitter {
  return ([a], { call: { args, constants } }) => {
    const digits = Number(constants[0]);
    const { precision, scale } = decimalSize(args[0]!.type);
    if (digits < scale - precision) return `CASE WHEN ${a} IS NULL THEN NULL ELSE 0 END`;
    if (digits < 0 && digits === scale - precision)
      return onceInDuckdb([a!], ([value]) => upOrNothing(value!, -digits));
    return plain(a!, digits);
  };
}

/** Rounded to more digits than it has before the point. */
function upOrNothing(value: string, digits: number): string {
  const [half, one] = [`5${'0'.repeat(digits - 1)}`, `1${'0'.repeat(digits)}`];
  return `CASE WHEN ${value} IS NULL THEN NULL WHEN ${value} >= ${half} THEN ${one} WHEN ${value} <= -${half} THEN -${one} ELSE 0 END`;
}

/** An error where there is no power, or none that float64 holds. */
function power(a: string, b: string): string {
  const result = `pow(${a}, ${b})`;
  const undefinedPower = `(${a} = 0 AND ${b} < 0) OR (${a} < 0 AND isfinite(${b}) AND ${b} <> trunc(${b}))`;
  const lost = `isfinite(${a}) AND isfinite(${b}) AND (NOT isfinite(${result}) OR (${result} = 0 AND ${a} <> 0))`;
  return `CASE WHEN ${undefinedPower} OR (${lost}) THEN ${OUT_OF_RANGE} ELSE ${result} END`;
}

export const number = {
  abs: named('abs'),
  ceil: named('ceil'),
  floor: named('floor'),
  // A decimal does not wrap as an integer would.
  'round/int64': roundExact((a, digits) =>
    digits >= 0 ? a : `CAST(round(CAST(${a} AS DECIMAL(38,0)), ${digits}) AS BIGINT)`,
  ),
  'round/decimal': roundExact((a, digits) => `round(${a}, ${digits})`),
  'round/float64': ([a], { call }) => `round(${a}, ${call.constants[0]})`,
  sign: ([a]) => `CAST(sign(${a}) AS BIGINT)`,
  pow: (args) => onceInDuckdb(args, ([a, b]) => power(a!, b!)),
  sqrt: named('sqrt'),
  exp: rangeChecked(named('exp'), null),
  ln: named('ln'),
  log: named('log10'),
  bitand: infix('&'),
  bitor: infix('|'),
  bitxor: named('xor'),
  'bin/int64'([a], { call }) {
    const [width, shift] = call.constants;
    return `CAST(((CAST(${a} AS HUGEINT) + ${shift}) // ${width}) * ${width} - ${shift} AS BIGINT)`;
  },
  'bin/float64'([a], { call }) {
    const width = floatLiteral(call.constants[0]!);
    return `(floor(${a} / ${width}) * ${width})`;
  },
} satisfies FunctionTable;
