/** The SQL of calls that Spark computes exactly as the stage engine does. Each was tried by the oracles on Spark 4.2. */
import type { ColumnType } from '../../../core/protocol/types.ts';
import { staysInRange } from '../../types/float-range.ts';
import { decimalSize, type ExprType, isUnsized } from '../../types/rules.ts';
import { type TypedCall, valueType } from '../../types/typed.ts';
import type { Emitter, FunctionRow, FunctionTable, Row } from '../function-table.ts';
import { aggregate, EQUALITY, infix, LOGIC, named, ORDER, OWN } from '../standard-sql.ts';
import { castTo } from './sql.ts';

type Kind = ColumnType['kind'];

const MOST_DIGITS = 38;

/** Kinds that are compared with each other as their values are. */
const COMPARED: readonly ReadonlySet<string>[] = [
  new Set<Kind>(['int64', 'decimal']),
  new Set<Kind>(['float64']),
  new Set<Kind>(['string']),
  new Set<Kind>(['bool']),
  new Set<Kind>(['date']),
  new Set<Kind>(['timestamp']),
  new Set<Kind>(['timestamptz']),
];

function areCompared({ args }: TypedCall): boolean {
  const types = args.map(({ type }) => type).filter(({ kind }) => kind !== 'null');
  return COMPARED.some((group) => types.every(({ kind }) => group.has(kind))) && haveRoom(types);
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
  if (!COMPARED.some((group) => group.has(type.kind)) || isUnsized(type)) return false;
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

const ofFloats = (operator: string): Row => ({
  emit: infix(operator),
  exact: ({ args }) => staysInRange(operator, args),
});

const KEPT_CASTS: Readonly<Partial<Record<Kind, readonly Kind[]>>> = {
  int64: ['int64', 'decimal', 'float64'],
  decimal: ['decimal'],
  date: ['date', 'timestamp'],
};

/** Casts in which no digit is lost and that fail for no value. */
function keepsValue({ type, args: [arg] }: TypedCall): boolean {
  const from = arg!.type;
  if (from.kind === 'null' || type.kind === 'null' || KEPT_CASTS[from.kind]?.includes(type.kind) !== true)
    return false;
  if (type.kind !== 'decimal') return true;
  if (isUnsized(type) || isUnsized(from)) return false;
  const [wide, narrow] = [
    decimalSize(type),
    from.kind === 'int64' ? { precision: 19, scale: 0 } : decimalSize(from),
  ];
  return wide.scale >= narrow.scale && wide.precision - wide.scale >= narrow.precision - narrow.scale;
}

/** Sums of up to 28 digits stay within 38, however many rows there are. */
const SUMMED_DIGITS = 28;

function isSummable({ args: [arg] }: TypedCall): boolean {
  return !isUnsized(arg!.type) && decimalSize(arg!.type).precision <= SUMMED_DIGITS;
}

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
  exact: ({ type }) => COMPARED.some((group) => group.has(type.kind)) && !isUnsized(type),
});

export const SPARK_FUNCTIONS: FunctionTable = {
  '+/float64': ofFloats('+'),
  '-/float64': ofFloats('-'),
  '*/float64': ofFloats('*'),
  '=': compared(EQUALITY['=']),
  '<>': compared(EQUALITY['<>']),
  'is distinct from': compared(EQUALITY['is distinct from']),
  'is not distinct from': compared(infix('<=>')),
  in: compared(EQUALITY.in),
  'not in': compared(EQUALITY['not in']),
  '<': compared(ORDER['<']),
  '<=': compared(ORDER['<=']),
  '>': compared(ORDER['>']),
  '>=': compared(ORDER['>=']),
  between: compared(ORDER.between),
  'not between': compared(ORDER['not between']),
  and: LOGIC.and,
  or: LOGIC.or,
  not: LOGIC.not,
  'is null': LOGIC['is null'],
  'is not null': LOGIC['is not null'],
  if: chosen(LOGIC.if),
  case: chosen(LOGIC.case),
  coalesce: chosen(LOGIC.coalesce),
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
