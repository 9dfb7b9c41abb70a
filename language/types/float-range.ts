/**
 * float64 results that no float64 holds: infinite ones of finite numbers, and products or quotients that are too small and
 * would become 0. A wrong number is worse than an error, so both fail in every dialect. Numbers that were integers or
 * decimals, and constants of ordinary size, cannot get there: their calls need no test.
 */
import type { Typed } from './typed.ts';

/** Powers of ten between which the size of a number other than 0 lies. */
interface Size {
  readonly least: number;
  readonly most: number;
}

const UNKNOWN: Size = { least: Number.NEGATIVE_INFINITY, most: Number.POSITIVE_INFINITY };
const INT64_SIZE: Size = { least: 0, most: 19 };
const DECIMAL_SIZE: Size = { least: -38, most: 38 };
/** The range of sizes that is surely inside of float64's own. */
const ORDINARY: Size = { least: -300, most: 300 };
/** A difference that is not 0 is at least as large as the last bit of its sides, which have this many digits. */
const FLOAT_DIGITS = 17;

/** The size of what is surely finite, by what it is made of. */
function sizeOf(arg: Typed): Size {
  if (arg.type.kind === 'int64' || arg.type.kind === 'bool') return INT64_SIZE;
  if (arg.type.kind === 'decimal') return DECIMAL_SIZE;
  if (arg.kind === 'literal') return sizeOfLiteral(Math.abs(Number(arg.value ?? 0)));
  if (arg.kind !== 'call') return UNKNOWN;
  if (arg.key === 'cast' || arg.key === 'try_cast') return sizeOf(arg.args[0]!);
  return arg.args.length === 2
    ? resultSize(operatorOf(arg.key), sizeOf(arg.args[0]!), sizeOf(arg.args[1]!))
    : UNKNOWN;
}

/** Returns the operator of a call on float64; a key of its own, such as `-/days`, is none. */
function operatorOf(key: string): string {
  return key.replace(/\/(?:float64)$/, '');
}

function sizeOfLiteral(value: number): Size {
  if (value === 0) return { least: 0, most: 0 };
  const power = Math.log10(value);
  return { least: Math.floor(power), most: Math.ceil(power) };
}

function resultSize(operator: string, a: Size, b: Size): Size {
  switch (operator) {
    case '*':
      return { least: a.least + b.least, most: a.most + b.most };
    case '/':
      return { least: a.least - b.most, most: a.most - b.least };
    case '+':
    case '-':
      return { least: Math.min(a.least, b.least) - FLOAT_DIGITS, most: Math.max(a.most, b.most) + 1 };
    default:
      return UNKNOWN;
  }
}

/** Says whether no result of the operator can leave float64. */
export function staysInRange(operator: string, sides: readonly Typed[]): boolean {
  const { least, most } = resultSize(operator, sizeOf(sides[0]!), sizeOf(sides[1]!));
  return least >= ORDINARY.least && most <= ORDINARY.most;
}

/** Says by which of its ends a result of the operator may leave float64: a factor or divisor that is written out keeps it from one of them. */
export function waysOutOfRange(
  operator: string,
  sides: readonly Typed[],
): { readonly overflow: boolean; readonly underflow: boolean } {
  const factor = operator === '*' ? (magnitude(sides[0]!) ?? magnitude(sides[1]!)) : null;
  const divisor = operator === '/' ? magnitude(sides[1]!) : null;
  if (factor !== null) return { overflow: factor > 1, underflow: factor < 1 };
  if (divisor !== null) return { overflow: divisor < 1, underflow: divisor > 1 };
  return { overflow: true, underflow: operator === '*' || operator === '/' };
}

/** Returns the size of a number that is written out, 0 left out; else null. */
function magnitude(arg: Typed): number | null {
  if (arg.kind === 'call' && arg.key === 'cast') return magnitude(arg.args[0]!);
  const value = arg.kind === 'literal' && arg.value !== null ? Math.abs(Number(arg.value)) : 0;
  return Number.isFinite(value) && value > 0 ? value : null;
}

/** Says whether the value is finite and far from the ends of float64, judged by its parts. */
export function isOrdinary(arg: Typed): boolean {
  const { least, most } = sizeOf(arg);
  return least >= -100 && most <= 100;
}
