/** Numbers. Rounding is half away from zero. Decimals stay decimals where their size is known. */
import { castTo, coerce } from '../coerce.ts';
import { floatLiteral } from '../dialects/duckdb.ts';
import {
  type CallSite,
  callError,
  constantText,
  type FunctionDefinition,
  overloads,
  typedCall,
} from '../function.ts';
import { decimal, decimalSize, type ExprType, FLOAT64, INT64 } from '../type-rules.ts';
import type { Emitter, Typed } from '../typed.ts';
import { keepDecimal } from './arithmetic.ts';

function floating(name: string, summary: string, example: FunctionDefinition['example']): FunctionDefinition {
  const duckdb: Emitter = (args) => `${name}(${args.join(', ')})`;
  return {
    name,
    syntax: `${name}(x)`,
    summary,
    example,
    resolve: overloads({ takes: ['float64'], returns: FLOAT64, duckdb }),
  };
}

function bits(
  name: string,
  summary: string,
  example: FunctionDefinition['example'],
  duckdb: Emitter,
): FunctionDefinition {
  return {
    name,
    syntax: `${name}(a, b)`,
    summary,
    example,
    resolve: overloads({ takes: ['int64', 'int64'], returns: INT64, duckdb }),
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
  if (arg.type.kind === 'float64') return typedCall(call, FLOAT64, [arg], ([a]) => `${call.name}(${a})`);
  const { precision, scale } = decimalSize(arg.type);
  return castTo(
    typedCall(call, arg.type, [arg], ([a]) => `${call.name}(${a})`),
    decimal(precision - scale + 1, 0),
  );
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
  const rounded = (type: ExprType): Typed => typedCall(call, type, [arg], ([a]) => `round(${a}, ${digits})`);
  if (arg.type.kind !== 'decimal') return rounded(arg.type.kind === 'null' ? FLOAT64 : arg.type);
  const { precision, scale } = decimalSize(arg.type);
  const kept = Math.min(scale, Math.max(0, digits));
  return castTo(
    rounded({ kind: 'decimal', precision: null, scale: null }),
    decimal(precision - scale + 1 + kept, kept),
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
      ([a]) => `CAST(((CAST(${a} AS HUGEINT) + ${shift}) // ${width}) * ${width} - ${shift} AS BIGINT)`,
    );
  }
  return typedCall(
    call,
    FLOAT64,
    [coerce(value!, FLOAT64)],
    ([a]) => `(floor(${a} / ${floatLiteral(width)}) * ${floatLiteral(width)})`,
  );
}

function absolute(call: CallSite): Typed {
  const resolve = overloads({ takes: ['number'], returns: keep, duckdb: ([a]) => `abs(${a})` });
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
    resolve: overloads({ takes: ['number'], returns: INT64, duckdb: ([a]) => `CAST(sign(${a}) AS BIGINT)` }),
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
      duckdb: ([a, b]) => `pow(${a}, ${b})`,
    }),
  },
  floating('sqrt', 'Square root; an error below 0.', ['sqrt(9)', 3]),
  floating('exp', 'e to the power of x.', ['exp(0)', 1]),
  floating('ln', 'Natural logarithm; an error at 0 and below.', ['ln(1)', 0]),
  {
    name: 'log',
    aliases: ['log10'],
    syntax: 'log(x)',
    summary: 'Logarithm to the base 10.',
    example: ['log(1000)', 3],
    resolve: overloads({ takes: ['float64'], returns: FLOAT64, duckdb: ([a]) => `log10(${a})` }),
  },
  bits('bitand', 'Bits that both have.', ['bitand(6, 3)', 2], ([a, b]) => `(${a} & ${b})`),
  bits('bitor', 'Bits that one has.', ['bitor(6, 3)', 7], ([a, b]) => `(${a} | ${b})`),
  bits('bitxor', 'Bits that only one has.', ['bitxor(6, 3)', 5], ([a, b]) => `xor(${a}, ${b})`),
];
