/** The room that Spark's decimals have: 38 digits, beyond which it cuts digits behind the point. */
import { decimalSize, type ExprType, isUnsized } from '../../../types/rules.ts';

interface Size {
  readonly precision: number;
  readonly scale: number;
}

const MOST_DIGITS = 38;
/** The size that Spark gives a bigint beside a decimal. */
const BIGINT: Size = { precision: 20, scale: 0 };

/** Returns the size of exact numbers in Spark; null where one has none. */
function sizesOf(types: readonly ExprType[]): readonly Size[] | null {
  if (types.some(isUnsized)) return null;
  return types.map((type) => (type.kind === 'int64' ? BIGINT : decimalSize(type)));
}

const wholeDigits = ({ precision, scale }: Size): number => precision - scale;

/** Says whether numbers are compared as what they are: Spark makes decimals of one size of them. */
export function haveRoom(types: readonly ExprType[]): boolean {
  const sizes = sizesOf(types.filter(({ kind }) => kind === 'decimal' || kind === 'int64'));
  if (sizes === null) return false;
  const whole = Math.max(0, ...sizes.map(wholeDigits));
  return whole + Math.max(0, ...sizes.map(({ scale }) => scale)) <= MOST_DIGITS;
}

/** Says whether Spark's own result of an operator on two exact numbers keeps every digit. */
export function keepsDigits(operator: '+' | '-' | '*' | '%', types: readonly ExprType[]): boolean {
  const [a, b] = sizesOf(types) ?? [];
  if (a === undefined || b === undefined) return false;
  if (operator === '*') return a.precision + b.precision + 1 <= MOST_DIGITS;
  const whole = Math.max(wholeDigits(a), wholeDigits(b));
  return whole + Math.max(a.scale, b.scale) + 1 <= MOST_DIGITS;
}
