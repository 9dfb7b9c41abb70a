/** The SQL of calls that MariaDB computes exactly as the stage engine does. Each was tried by the oracle. */
import { staysInRange } from '../../types/float-range.ts';
import { decimalSize, isUnsized } from '../../types/rules.ts';
import { type Typed, type TypedCall, valueType } from '../../types/typed.ts';
import {
  compareAlike,
  comparisonsAndLogic,
  isComparable,
  isSummable,
  keepsValue,
  ofFloats,
} from '../exact-calls.ts';
import type { EmitSite, Emitter, FunctionRow, FunctionTable, Row } from '../function-table.ts';
import { infix, LOGIC, named, OWN } from '../standard-sql.ts';
import { castTo } from './sql.ts';

function areCompared({ args }: TypedCall): boolean {
  return compareAlike(args.map(({ type }) => type)) && !args.some(({ type }) => isUnsized(type));
}

const compared = (emit: Emitter): FunctionRow => ({ emit, exact: areCompared });

/** Choices give one of their values: all have its type. */
const hasKnownType = ({ type }: TypedCall): boolean => isComparable(type);

const chosen = (emit: Emitter): FunctionRow => ({ emit, exact: hasKnownType });

/** MariaDB would cut what has more digits than the type, with a mere warning. */
const MOST_DIGITS = 37;

function hasRoom({ type, args }: TypedCall): boolean {
  return [type, ...args.map((arg) => arg.type)].every(
    (one) => !isUnsized(one) && decimalSize(one).precision <= MOST_DIGITS,
  );
}

const ofDecimals = (operator: string): Row => ({
  emit: (args, site) => castTo(infix(operator)(args, site), valueType(site.call.type)),
  exact: hasRoom,
});

const LEAST_INT64 = '-9223372036854775808';

/** MariaDB's difference of 0 and the least int64 is the least int64 again, and the right one is too large. */
const difference: Row = {
  emit: infix('-'),
  exact: ({ args: [, subtracted] }) => subtracted!.kind === 'literal' && subtracted!.value !== LEAST_INT64,
};

/** MariaDB makes 0 of 0 by a negative number, and the stage engine -0. */
const quotient: Row = {
  emit: ([a, b]) => `(${a} / nullif(${b}, 0e0))`,
  exact: ({ args }) => isPositive(args[1]!) && staysInRange('/', args),
};

function isPositive(divisor: Typed): boolean {
  if (divisor.kind === 'call' && divisor.key === 'cast') return isPositive(divisor.args[0]!);
  return divisor.kind === 'literal' && Number(divisor.value) > 0;
}

/** MariaDB has no FILTER. */
function counted(a: string, { condition }: EmitSite): string {
  return condition === null ? a : `CASE WHEN ${condition} THEN ${a} END`;
}

const grouped =
  (name: string): Emitter =>
  ([a], site) =>
    `${name}(${counted(a!, site)})`;

const exactSum: Row = {
  emit: (args, site) => castTo(grouped('SUM')(args, site), valueType(site.call.type)),
  over: null,
  exact: isSummable,
};

const exactMean: Row = {
  emit: (args, site) =>
    `(CAST(${grouped('SUM')(args, site)} AS double) / nullif(${grouped('COUNT')(args, site)}, 0))`,
  over: null,
  exact: isSummable,
};

/** -0 becomes 0: which of the two comes out of several rows would depend on their order. */
const extreme = (name: string): Row => ({
  emit: (args, site) =>
    site.call.type.kind === 'float64' ? `(${grouped(name)(args, site)} + 0e0)` : grouped(name)(args, site),
  over: null,
  exact: hasKnownType,
});

export const MARIADB_FUNCTIONS: FunctionTable = {
  '+/int64': infix('+'),
  '-/int64': difference,
  '*/int64': infix('*'),
  '+/decimal': ofDecimals('+'),
  '-/decimal': ofDecimals('-'),
  '*/decimal': ofDecimals('*'),
  '+/float64': ofFloats('+'),
  '-/float64': ofFloats('-'),
  '*/float64': ofFloats('*'),
  '/': quotient,
  '%': { emit: ([a, b]) => `(${a} % nullif(${b}, 0))`, exact: ({ type }) => type.kind === 'int64' },
  'div/int64': ([a, b]) => `(${a} DIV nullif(${b}, 0))`,
  ...comparisonsAndLogic(compared, chosen),
  'is distinct from': compared(([a, b]) => `(NOT (${a} <=> ${b}))`),
  nullif: { emit: LOGIC.nullif, exact: (call) => hasKnownType(call) && areCompared(call) },
  cast: { emit: ([a], { call }) => castTo(a!, valueType(call.type)), exact: keepsValue },
  length: named('CHAR_LENGTH'),
  count: { emit: grouped('COUNT'), over: null },
  'count/rows': {
    emit: (_, site) => (site.condition === null ? 'COUNT(*)' : `COUNT(${counted('1', site)})`),
    over: null,
  },
  count_if: { emit: ([a], site) => `COUNT(${counted(`CASE WHEN ${a} THEN 1 END`, site)})`, over: null },
  'sum/int64': exactSum,
  'sum/decimal': exactSum,
  'avg/exact': exactMean,
  min: extreme('MIN'),
  max: extreme('MAX'),
  'own/row number': OWN['own/row number'],
  'own/is true': OWN['own/is true'],
  'own/above zero': OWN['own/above zero'],
};
