/**
 * Arithmetic. int64 stays int64 and fails on overflow; decimals stay exact as long as 38 digits hold them; `/` is
 * always a float64 and null on division by zero; `div` and `%` are null there too.
 */
import { MAX_PRECISION } from '../../core/protocol/types.ts';
import {
  BIG_INTEGER,
  commonType,
  type DecimalType,
  decimal,
  decimalSize,
  type ExprType,
  FLOAT64,
  INT64,
  INTERVAL,
  isNumeric,
  isUnsized,
  UNSIZED_DECIMAL,
  UNSIZED_SCALE,
} from '../types/rules.ts';
import type { Typed } from '../types/typed.ts';
import { castTo, coerce } from './kit/coerce.ts';
import {
  adapted,
  type CallSite,
  callError,
  castHint,
  describeArgument,
  type FunctionDefinition,
  mixedTypes,
  typedCall,
} from './kit/function.ts';
import { acceptedArgs } from './kit/overloads.ts';
import { timeArithmetic } from './moment-arithmetic.ts';

/** Above this many fraction digits a product of decimals leaves too little room before the point. */
const MAX_PRODUCT_SCALE = 19;
/** Digits of a decimal that the engine computes in 64 bits. */
const ENGINE_INT64_DIGITS = 18;

type Operator = '+' | '-' | '*';

function wholeDigits(type: ExprType): number {
  const { precision, scale } = decimalSize(type);
  return precision - scale;
}

/**
 * Up to 18 digits the engine's own result has our type. Beyond, it would stay with 64 bits and overflow, unless the
 * operands are wider than 18 digits already. An operand of a sum may have more digits before the point than 38 digits leave
 * room for: the engine then converts it to the sum's type, which may fail even where the other operand is null. That
 * conversion is written down, so that a database fails for the same rows.
 */
function exactCall(call: CallSite, operator: Operator, args: readonly Typed[], type: DecimalType): Typed {
  const { precision } = decimalSize(type);
  const wide = precision > ENGINE_INT64_DIGITS ? ENGINE_INT64_DIGITS + 1 : 1;
  const operands = args.map((arg) => {
    const size = decimalSize(arg.type);
    const fits = arg.type.kind === 'decimal' && size.precision >= wide;
    const sized = fits ? arg : castTo(arg, decimal(Math.max(wide, size.precision), size.scale));
    return operator !== '*' && wholeDigits(arg.type) > wholeDigits(type) ? castTo(sized, type) : sized;
  });
  const result = typedCall(call, `${operator}/decimal`, type, operands);
  return precision > ENGINE_INT64_DIGITS ? castTo(result, type) : result;
}

function sumType(a: ExprType, b: ExprType): ExprType {
  const left = decimalSize(a);
  const right = decimalSize(b);
  const scale = Math.max(left.scale, right.scale);
  const whole = Math.max(wholeDigits(a), wholeDigits(b)) + 1;
  const unsized = (isUnsized(a) || isUnsized(b)) && scale === UNSIZED_SCALE;
  return unsized ? UNSIZED_DECIMAL : decimal(whole + scale, scale);
}

/** float64 when the exact product would have no room. */
function productType(a: ExprType, b: ExprType): ExprType {
  const left = decimalSize(a);
  const right = decimalSize(b);
  const scale = left.scale + right.scale;
  if (left.precision + right.precision > MAX_PRECISION && scale > MAX_PRODUCT_SCALE) return FLOAT64;
  if ((isUnsized(a) || isUnsized(b)) && scale === UNSIZED_SCALE) return UNSIZED_DECIMAL;
  return decimal(left.precision + right.precision, scale);
}

function numbers(
  call: CallSite,
  operator: Operator,
  args: readonly Typed[],
  resultType: typeof sumType,
): Typed {
  const common = commonType(args[0]!.type, args[1]!.type)!;
  if (common.kind === 'int64') {
    const sides = args.map((arg) => coerce(arg, common));
    return typedCall(call, `${operator}/int64`, common, sides);
  }
  const type = common.kind === 'decimal' ? resultType(args[0]!.type, args[1]!.type) : FLOAT64;
  if (type.kind === 'decimal') return exactCall(call, operator, args, type);
  const sides = args.map((arg) => coerce(arg, FLOAT64));
  return typedCall(call, `${operator}/float64`, common.kind === 'null' ? common : FLOAT64, sides);
}

function refuse(call: CallSite, args: readonly Typed[]): never {
  const text = args.find((arg) => arg.type.kind === 'string');
  if (call.name === '+' && text !== undefined && args.every((arg) => !isNumeric(arg.type)))
    throw callError(
      call,
      'wrong-type',
      `\`+\` does not join text: ${describeArgument(call, text)}`,
      'write `a || b`',
    );
  const wrong = args.find((arg) => !isNumeric(arg.type) && arg.type.kind !== 'null') ?? args[0]!;
  const message = `\`${call.name === 'negate' ? '-' : call.name}\` wants numbers, but ${describeArgument(call, wrong)}`;
  const joins = call.name === '+' && wrong.kind === 'literal' ? '; `||` joins text' : '';
  throw callError(call, 'wrong-type', message, castHint(call, wrong, INT64) + joins, wrong.span);
}

function bothNumbers(args: readonly Typed[]): boolean {
  return args.every((arg) => isNumeric(arg.type) || arg.type.kind === 'null');
}

function plusOrMinus(call: CallSite): Typed {
  const args = adapted(call);
  const operator = call.name === '-' ? '-' : '+';
  if (bothNumbers(args)) return numbers(call, operator, args, sumType);
  return timeArithmetic(call, args) ?? refuse(call, args);
}

function times(call: CallSite): Typed {
  const args = adapted(call);
  if (bothNumbers(args)) return numbers(call, '*', args, productType);
  const duration = args.find((arg) => arg.type.kind === 'interval');
  const times = args.find((arg) => arg.type.kind === 'int64');
  if (duration === undefined || times === undefined) return refuse(call, args);
  return typedCall(call, '*/interval', INTERVAL, [duration, times]);
}

function divide(call: CallSite): Typed {
  if (!bothNumbers(call.args)) refuse(call, call.args);
  const args = call.args.map((arg) => coerce(arg, FLOAT64));
  return typedCall(call, '/', FLOAT64, args);
}

/** The engine forgets the size of a decimal that it finds to be always null. */
export function keepDecimal(typed: Typed): Typed {
  return typed.type.kind === 'decimal' ? castTo(typed, typed.type) : typed;
}

function modulo(call: CallSite): Typed {
  const args = adapted(call);
  if (!bothNumbers(args)) refuse(call, args);
  const common = commonType(args[0]!.type, args[1]!.type) ?? mixedTypes(call, args[1]!, args[0]!.type);
  const sides = args.map((arg) => coerce(arg, common));
  return keepDecimal(typedCall(call, '%', common, sides));
}

function integerDivision(call: CallSite): Typed {
  const args = adapted(call);
  const whole = (arg: Typed): boolean =>
    arg.type.kind === 'int64' || (arg.type.kind === 'decimal' && arg.type.scale === 0);
  const wrong = args.find((arg) => !whole(arg) && arg.type.kind !== 'null');
  if (wrong !== undefined)
    throw callError(
      call,
      'wrong-type',
      `\`div\` divides whole numbers, but ${describeArgument(call, wrong)}`,
      'write `floor(a / b)` for other numbers',
      wrong.span,
    );
  const decimals = args.some((arg) => arg.type.kind === 'decimal');
  return decimals
    ? typedCall(call, 'div/decimal', BIG_INTEGER, args)
    : typedCall(call, 'div/int64', INT64, args);
}

function negate(call: CallSite): Typed {
  const [arg] = acceptedArgs(call, { takes: ['any'] });
  if (!isNumeric(arg!.type) && arg!.type.kind !== 'interval') refuse(call, call.args);
  return keepDecimal(typedCall(call, 'negate', arg!.type, call.args));
}

const binary = (
  name: string,
  syntax: string,
  summary: string,
  example: FunctionDefinition['example'],
  resolve: FunctionDefinition['resolve'],
): FunctionDefinition => ({
  name,
  syntax,
  summary,
  example,
  // Written as a call (`div(1)`) it may have any number of arguments.
  resolve(call) {
    if (call.args.length !== 2) acceptedArgs(call, { takes: ['number', 'number'] });
    return resolve(call);
  },
});

export const functions: readonly FunctionDefinition[] = [
  binary('+', 'a + b', 'Sum; a moment plus a duration; a date plus days.', ['1 + 2', 3], plusOrMinus),
  binary(
    '-',
    'a - b',
    'Difference; of dates in days, of other moments an interval.',
    ['5 - 7', -2],
    plusOrMinus,
  ),
  binary('*', 'a * b', 'Product; a duration so many times.', ['6 * 7', 42], times),
  binary('/', 'a / b', 'Quotient, always a float64; null when b is 0.', ['7 / 2', 3.5], divide),
  binary('%', 'a % b', 'Remainder with the sign of a; null when b is 0.', ['-7 % 3', -1], modulo),
  binary('mod', 'mod(a, b)', 'The same as `a % b`.', ['mod(7, 3)', 1], modulo),
  binary(
    'div',
    'div(a, b)',
    'Whole quotient, cut toward zero; null when b is 0.',
    ['div(-7, 2)', -3],
    integerDivision,
  ),
  {
    name: 'negate',
    syntax: '-a',
    summary: 'The number with the other sign.',
    example: ['-(3)', -3],
    resolve: negate,
  },
];
