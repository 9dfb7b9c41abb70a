/** Numbers. Rounding is half away from zero. Decimals stay decimals where their size is known. */

import type { FunctionKey } from '../types/function-keys.ts';
import { decimal, decimalSize, type ExprType, FLOAT64, INT64, UNSIZED_DECIMAL } from '../types/rules.ts';
import type { Typed } from '../types/typed.ts';
import { keepDecimal } from './arithmetic.ts';
import { castTo, coerce } from './kit/coerce.ts';
import {
  type CallSite,
  callError,
  constantText,
  type FunctionDefinition,
  typedCall,
} from './kit/function.ts';
import { acceptedArgs, overloads } from './kit/overloads.ts';

/** A function of a float64. */
function floating(
  key: FunctionKey,
  summary: string,
  example: FunctionDefinition['example'],
  aliases: readonly string[] = [],
): FunctionDefinition {
  return {
    name: key,
    aliases,
    syntax: `${key}(x)`,
    summary,
    example,
    resolve: overloads({ key, takes: ['float64'], returns: FLOAT64 }),
  };
}

function bits(key: FunctionKey, summary: string, example: FunctionDefinition['example']): FunctionDefinition {
  return {
    name: key,
    syntax: `${key}(a, b)`,
    summary,
    example,
    raises: 'never',
    resolve: overloads({ key, takes: ['int64', 'int64'], returns: INT64 }),
  };
}

/** ceil and floor: whole numbers of the same kind. */
function toWhole(call: CallSite): Typed {
  const [arg] = acceptedArgs(call, { takes: ['number'] });
  if (arg!.type.kind === 'int64' || arg!.type.kind === 'null') return arg!;
  const key = call.name === 'floor' ? 'floor' : 'ceil';
  if (arg!.type.kind === 'float64') return typedCall(call, key, FLOAT64, [arg!]);
  const { precision, scale } = decimalSize(arg!.type);
  return castTo(typedCall(call, key, arg!.type, [arg!]), decimal(precision - scale + 1, 0));
}

function round(call: CallSite): Typed {
  const [arg] = acceptedArgs(
    call.args.length === 2 ? { ...call, args: call.args.slice(0, 1) } : call,
    { takes: ['number'] },
    { takes: ['number', 'int64'] },
  );
  const digits = call.args.length === 2 ? Number(constantText(call, 1, 'the number of digits')) : 0;
  if (!Number.isInteger(digits) || Math.abs(digits) > 38)
    throw callError(
      call,
      'wrong-arguments',
      'the number of digits is a whole number from -38 to 38',
      'write `round(x, 2)`',
      call.args[1]!.span,
    );
  const constants = [String(digits)];
  const { type } = arg!;
  if (type.kind === 'int64') return typedCall(call, 'round/int64', type, [arg!], { constants });
  if (type.kind !== 'decimal') return typedCall(call, 'round/float64', FLOAT64, [arg!], { constants });
  const { precision, scale } = decimalSize(type);
  const kept = Math.min(scale, Math.max(0, digits));
  return castTo(
    typedCall(call, 'round/decimal', UNSIZED_DECIMAL, [arg!], { constants }),
    decimal(precision - scale + 1 + kept, kept),
  );
}

const keep = (args: readonly Typed[]): ExprType => args[0]!.type;

/** The beginning of a bin of numbers. */
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
  if (value!.type.kind === 'int64' && /^\d+$/.test(width))
    return typedCall(call, 'bin/int64', INT64, [value!], { constants: [width, binShift(width)] });
  return typedCall(call, 'bin/float64', FLOAT64, [coerce(value!, FLOAT64)], { constants: [width] });
}

/** Returns a multiple of the width that makes every int64 positive when it is added: cutting toward zero rounds down then. */
function binShift(width: string): string {
  return ((2n ** 63n / BigInt(width) + 1n) * BigInt(width)).toString();
}

const abs = overloads({ key: 'abs', takes: ['number'], returns: keep });

export const functions: readonly FunctionDefinition[] = [
  {
    name: 'abs',
    syntax: 'abs(x)',
    summary: 'Without its sign.',
    example: ['abs(-3)', 3],
    resolve: (call) => keepDecimal(abs(call)),
  },
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
    raises: 'never',
    resolve: overloads({ key: 'sign', takes: ['number'], returns: INT64 }),
  },
  {
    name: 'pow',
    aliases: ['power'],
    syntax: 'pow(x, y)',
    summary: 'x to the power of y.',
    example: ['pow(2, 10)', 1024],
    resolve: overloads({ key: 'pow', takes: ['float64', 'float64'], returns: FLOAT64 }),
  },
  floating('sqrt', 'Square root; an error below 0.', ['sqrt(9)', 3]),
  floating('exp', 'e to the power of x.', ['exp(0)', 1]),
  floating('ln', 'Natural logarithm; an error at 0 and below.', ['ln(1)', 0]),
  floating('log', 'Logarithm to the base 10.', ['log(1000)', 3], ['log10']),
  bits('bitand', 'Bits that both have.', ['bitand(6, 3)', 2]),
  bits('bitor', 'Bits that one has.', ['bitor(6, 3)', 7]),
  bits('bitxor', 'Bits that only one has.', ['bitxor(6, 3)', 5]),
];
