/**
 * The SQL of calls that Spark should compute exactly as the stage engine does. No oracle has run to its end on Spark yet, so nothing of it is
 * used: `maxStages` is 0 (source.ts).
 */
import { decimalSize, type ExprType, isUnsized } from '../../types/rules.ts';
import { type TypedCall, valueType } from '../../types/typed.ts';
import {
  compareAlike,
  comparisonsAndLogic,
  isComparable,
  isSummable,
  keepsValue,
  ofFloats,
  SUMMED_DIGITS,
} from '../exact-calls.ts';
import type { Emitter, FunctionRow, FunctionTable, Row } from '../function-table.ts';
import { aggregate, EQUALITY, LOGIC, named, OWN } from '../standard-sql.ts';
import { castTo } from './sql.ts';

const MOST_DIGITS = 38;

function areCompared({ args }: TypedCall): boolean {
  const types = args.map(({ type }) => type);
  return compareAlike(types) && haveRoom(types);
}

/** Spark compares numbers as decimals of one size, and cuts digits when they do not fit. */
function haveRoom(types: readonly ExprType[]): boolean {
  const numbers = types.filter(({ kind }) => kind === 'decimal' || kind === 'int64');
  if (numbers.some(isUnsized)) return false;
  const sizes = numbers.map((type) =>
    type.kind === 'int64' ? { precision: 20, scale: 0 } : decimalSize(type),
  );
  const whole = Math.max(0, ...sizes.map(({ precision, scale }) => precision - scale));
  return whole + Math.max(0, ...sizes.map(({ scale }) => scale)) <= MOST_DIGITS;
}

const compared = (emit: Emitter): FunctionRow => ({ emit, exact: areCompared });

/** Choices give one of their values: all of these have its type, and conditions are truth values. */
function areAlike({ type, args }: TypedCall): boolean {
  if (!isComparable(type)) return false;
  return args.every(
    (arg) => arg.type.kind === 'null' || arg.type.kind === 'bool' || isSameType(arg.type, type),
  );
}

function isSameType(one: ExprType, other: ExprType): boolean {
  if (one.kind !== other.kind) return false;
  if (one.kind !== 'decimal') return true;
  if (isUnsized(one) || isUnsized(other)) return false;
  const [a, b] = [decimalSize(one), decimalSize(other)];
  return a.precision === b.precision && a.scale === b.scale;
}

const chosen = (emit: Emitter): FunctionRow => ({ emit, exact: areAlike });

const exactSum = (emit: Emitter): Row => ({
  emit: (args, site) => castTo(emit(args, site), valueType(site.call.type)),
  over: null,
  exact: isSummable,
});

const sumOfInts: Emitter = ([a], site) =>
  aggregate('sum')([castTo(a!, { kind: 'decimal', precision: SUMMED_DIGITS, scale: 0 })], site);

/** -0 becomes 0: which of the two comes out of several rows would depend on their order. */
const extreme = (name: string): Row => ({
  emit: (args, site) =>
    site.call.type.kind === 'float64'
      ? `(${aggregate(name)(args, site)} + 0.0D)`
      : aggregate(name)(args, site),
  over: null,
  exact: ({ type }) => isComparable(type),
});

export const SPARK_FUNCTIONS: FunctionTable = {
  '+/float64': ofFloats('+'),
  '-/float64': ofFloats('-'),
  '*/float64': ofFloats('*'),
  ...comparisonsAndLogic(compared, chosen),
  'is distinct from': compared(EQUALITY['is distinct from']),
  nullif: { emit: LOGIC.nullif, exact: (call) => areAlike(call) && areCompared(call) },
  cast: { emit: ([a], { call }) => castTo(a!, valueType(call.type)), exact: keepsValue },
  length: named('char_length'),
  count: { emit: aggregate('count'), over: null },
  'count/rows': { emit: (_, site) => aggregate('count')(['*'], site), over: null },
  count_if: { emit: ([a], site) => aggregate('count')([`CASE WHEN ${a} THEN 1 END`], site), over: null },
  'sum/int64': exactSum(sumOfInts),
  'sum/decimal': exactSum(aggregate('sum')),
  min: extreme('min'),
  max: extreme('max'),
  'own/row number': OWN['own/row number'],
  'own/is true': OWN['own/is true'],
  'own/above zero': OWN['own/above zero'],
};
