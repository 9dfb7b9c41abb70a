/** Numbers. Rounding is half away from zero. Decimals stay decimals where their size is known. */
import { onceInDuckdb, onceInPostgres } from '../dialects/bind-once.ts';
import { floatLiteral } from '../dialects/duckdb/sql.ts';
import { decimal, decimalSize, type ExprType, FLOAT64, INT64 } from '../types/rules.ts';
import type { Emitter, Typed } from '../types/typed.ts';
import { keepDecimal } from './arithmetic.ts';
import { isOrdinary, OUT_OF_RANGE, rangeChecked } from './float-range.ts';
import { castTo, coerce } from './kit/coerce.ts';
import {
  both,
  type CallSite,
  callError,
  constantText,
  emittersOf,
  type FunctionDefinition,
  overloads,
  typedCall,
} from './kit/function.ts';

function floating(name: string, summary: string, example: FunctionDefinition['example']): FunctionDefinition {
  const emit: Emitter = (args) => `${name}(${args.join(', ')})`;
  return {
    name,
    syntax: `${name}(x)`,
    summary,
    example,
    resolve: overloads({ takes: ['float64'], returns: FLOAT64, ...both(emit) }),
  };
}

function bits(
  name: string,
  summary: string,
  example: FunctionDefinition['example'],
  duckdb: Emitter,
  postgres: Emitter = duckdb,
): FunctionDefinition {
  return {
    name,
    syntax: `${name}(a, b)`,
    summary,
    example,
    resolve: overloads({ takes: ['int64', 'int64'], returns: INT64, duckdb, postgres }),
  };
}

/** One number in, checked. */
function numberArgument(call: CallSite): Typed {
  const checked = overloads({ takes: ['number'], returns: INT64, duckdb: ([a]) => a! })({
    ...call,
    args: call.args.slice(0, 1),
  });
  return checked.kind === 'call' ? checked.args[0]! : checked;
}

/** ceil and floor: whole numbers of the same kind. */
function toWhole(call: CallSite): Typed {
  if (call.args.length !== 1)
    return overloads({ takes: ['number'], returns: INT64, duckdb: ([a]) => a! })(call);
  const arg = numberArgument(call);
  if (arg.type.kind === 'int64' || arg.type.kind === 'null') return arg;
  const emit = both(([a]) => `${call.name === 'floor' ? 'floor' : 'ceil'}(${a})`);
  if (arg.type.kind === 'float64') return typedCall(call, FLOAT64, [arg], emit);
  const { precision, scale } = decimalSize(arg.type);
  return castTo(typedCall(call, arg.type, [arg], emit), decimal(precision - scale + 1, 0));
}

function round(call: CallSite): Typed {
  if (call.args.length < 1 || call.args.length > 2)
    return overloads(
      { takes: ['number'], returns: INT64, duckdb: ([a]) => a! },
      { takes: ['number', 'int64'], returns: INT64, duckdb: ([a]) => a! },
    )(call);
  const arg = numberArgument(call);
  const digits = call.args.length === 2 ? Number(constantText(call, 1, 'the number of digits')) : 0;
  if (!Number.isInteger(digits) || Math.abs(digits) > 38)
    throw callError(
      call,
      'wrong-arguments',
      'the number of digits is a whole number from -38 to 38',
      'write `round(x, 2)`',
      call.args[1]!.span,
    );
  const duckdb = roundInDuckdb(arg.type, digits);
  const emitters = emittersOf(duckdb, roundInPostgres(arg.type, digits));
  const rounded = (type: ExprType): Typed => typedCall(call, type, [arg], emitters);
  if (arg.type.kind !== 'decimal') return rounded(arg.type.kind === 'null' ? FLOAT64 : arg.type);
  const { precision, scale } = decimalSize(arg.type);
  const kept = Math.min(scale, Math.max(0, digits));
  return castTo(
    rounded({ kind: 'decimal', precision: null, scale: null }),
    decimal(precision - scale + 1 + kept, kept),
  );
}

/** As a decimal, an integer does not wrap; and where no digit is left the engine would make 0 of null. */
function roundInDuckdb(type: ExprType, digits: number): Emitter {
  const { precision, scale } = decimalSize(type);
  const exact = type.kind === 'int64' || type.kind === 'decimal';
  if (exact && digits < scale - precision) return ([a]) => `CASE WHEN ${a} IS NULL THEN NULL ELSE 0 END`;
  if (exact && digits < 0 && digits === scale - precision)
    return (args) => onceInDuckdb(args, ([a]) => upOrNothing(a!, -digits));
  if (type.kind !== 'int64') return ([a]) => `round(${a}, ${digits})`;
  return digits >= 0 ? ([a]) => a! : ([a]) => `CAST(round(CAST(${a} AS DECIMAL(38,0)), ${digits}) AS BIGINT)`;
}

/** Rounded to more digits than it has before the point. */
function upOrNothing(value: string, digits: number): string {
  const [half, one] = [`5${'0'.repeat(digits - 1)}`, `1${'0'.repeat(digits)}`];
  return `CASE WHEN ${value} IS NULL THEN NULL WHEN ${value} >= ${half} THEN ${one} WHEN ${value} <= -${half} THEN -${one} ELSE 0 END`;
}

/** PostgreSQL rounds floats half to even, and to whole numbers only. */
function roundInPostgres(type: ExprType, digits: number): Emitter | null {
  if (type.kind === 'decimal') return ([a]) => `round(${a}, ${digits})`;
  if (type.kind === 'int64') return ([a]) => `CAST(round(CAST(${a} AS numeric), ${digits}) AS int8)`;
  // 2.675 with two digits is 2.68 by 267.5 and 2.67 by its bits: what is shifted first differs.
  if (digits !== 0) return null;
  return (args) =>
    onceInPostgres(
      args,
      ([a]) => `CASE WHEN abs(${a} - trunc(${a})) >= 0.5 THEN trunc(${a}) + sign(${a}) ELSE trunc(${a}) END`,
    );
}

const keep = (args: readonly Typed[]): ExprType => args[0]!.type;

/** Bins of int64 are exact: shifted to be positive, where cutting toward zero is rounding down. */
export function numberBin(call: CallSite): Typed {
  const [value] = call.args;
  const width = constantText(call, 1, 'the width');
  if (!(Number(width) > 0))
    throw callError(
      call,
      'wrong-arguments',
      'the width of a bin is above 0',
      'write `bin(x, 10)`',
      call.args[1]!.span,
    );
  if (value!.type.kind === 'int64' && /^\d+$/.test(width)) {
    const shift = ((2n ** 63n / BigInt(width) + 1n) * BigInt(width)).toString();
    return typedCall(
      call,
      INT64,
      [value!],
      emittersOf(
        ([a]) => `CAST(((CAST(${a} AS HUGEINT) + ${shift}) // ${width}) * ${width} - ${shift} AS BIGINT)`,
        ([a]) => `CAST(div(CAST(${a} AS numeric) + ${shift}, ${width}) * ${width} - ${shift} AS int8)`,
      ),
    );
  }
  const operand = coerce(value!, FLOAT64);
  const emit: Emitter = ([a]) => `(floor(${a} / ${floatLiteral(width)}) * ${floatLiteral(width)})`;
  const postgres: Emitter = ([a]) =>
    `(floor(${a} / CAST('${width}' AS float8)) * CAST('${width}' AS float8))`;
  // Numbers near the ends of float64 fail in PostgreSQL and become infinite or 0 in the engine.
  return typedCall(call, FLOAT64, [operand], emittersOf(emit, isOrdinary(operand) ? postgres : null));
}

/** An error where there is no power, or none that float64 holds, as in PostgreSQL. */
function powInDuckdb(a: string, b: string): string {
  const result = `pow(${a}, ${b})`;
  const undefinedPower = `(${a} = 0 AND ${b} < 0) OR (${a} < 0 AND isfinite(${b}) AND ${b} <> trunc(${b}))`;
  const lost = `isfinite(${a}) AND isfinite(${b}) AND (NOT isfinite(${result}) OR (${result} = 0 AND ${a} <> 0))`;
  return `CASE WHEN ${undefinedPower} OR (${lost}) THEN ${OUT_OF_RANGE} ELSE ${result} END`;
}

function absolute(call: CallSite): Typed {
  const resolve = overloads({ takes: ['number'], returns: keep, ...both(([a]) => `abs(${a})`) });
  return keepDecimal(resolve(call));
}

export const functions: readonly FunctionDefinition[] = [
  { name: 'abs', syntax: 'abs(x)', summary: 'Without its sign.', example: ['abs(-3)', 3], resolve: absolute },
  {
    name: 'ceil',
    aliases: ['ceiling'],
    syntax: 'ceil(x)',
    summary: 'The next whole number above.',
    example: ['ceil(1.2)', 2],
    resolve: toWhole,
  },
  {
    name: 'floor',
    syntax: 'floor(x)',
    summary: 'The next whole number below.',
    example: ['floor(-1.2)', -2],
    resolve: toWhole,
  },
  {
    name: 'round',
    syntax: 'round(x[, digits = 0])',
    summary: 'Rounded, half away from zero.',
    example: ['round(2.345, 1)', 2.3],
    resolve: round,
  },
  {
    name: 'sign',
    syntax: 'sign(x)',
    summary: '-1, 0 or 1.',
    example: ['sign(-2.5)', -1],
    resolve: overloads({
      takes: ['number'],
      returns: INT64,
      duckdb: ([a]) => `CAST(sign(${a}) AS BIGINT)`,
      postgres: ([a]) => `CAST(sign(${a}) AS int8)`,
    }),
  },
  {
    name: 'pow',
    aliases: ['power'],
    syntax: 'pow(x, y)',
    summary: 'x to the power of y.',
    example: ['pow(2, 10)', 1024],
    resolve: overloads({
      takes: ['float64', 'float64'],
      returns: FLOAT64,
      duckdb: (args) => onceInDuckdb(args, ([a, b]) => powInDuckdb(a!, b!)),
      postgres: ([a, b]) => `power(${a}, ${b})`,
    }),
  },
  floating('sqrt', 'Square root; an error below 0.', ['sqrt(9)', 3]),
  {
    name: 'exp',
    syntax: 'exp(x)',
    summary: 'e to the power of x.',
    example: ['exp(0)', 1],
    resolve: overloads({
      takes: ['float64'],
      returns: FLOAT64,
      duckdb: rangeChecked(([a]) => `exp(${a})`, null),
      // Below, PostgreSQL fails instead of giving 0.
      postgres: (args) =>
        onceInPostgres(args, ([a]) => `CASE WHEN ${a} < -745.133 THEN 0 ELSE exp(${a}) END`),
    }),
  },
  floating('ln', 'Natural logarithm; an error at 0 and below.', ['ln(1)', 0]),
  {
    name: 'log',
    aliases: ['log10'],
    syntax: 'log(x)',
    summary: 'Logarithm to the base 10.',
    example: ['log(1000)', 3],
    resolve: overloads({
      takes: ['float64'],
      returns: FLOAT64,
      duckdb: ([a]) => `log10(${a})`,
      postgres: ([a]) => `log(${a})`,
    }),
  },
  bits('bitand', 'Bits that both have.', ['bitand(6, 3)', 2], ([a, b]) => `(${a} & ${b})`),
  bits('bitor', 'Bits that one has.', ['bitor(6, 3)', 7], ([a, b]) => `(${a} | ${b})`),
  bits(
    'bitxor',
    'Bits that only one has.',
    ['bitxor(6, 3)', 5],
    ([a, b]) => `xor(${a}, ${b})`,
    ([a, b]) => `(${a} # ${b})`,
  ),
];
