/** The SQL of calls that MariaDB computes exactly as the stage engine does. Each was tried by the oracle. */
import type { ColumnType } from '../../../core/protocol/types.ts';
import { staysInRange } from '../../types/float-range.ts';
import { decimalSize, isUnsized } from '../../types/rules.ts';
import { type Typed, type TypedCall, valueType } from '../../types/typed.ts';
import type { EmitSite, Emitter, FunctionRow, FunctionTable, Row } from '../function-table.ts';
import { EQUALITY, infix, LOGIC, named, ORDER, OWN } from '../standard-sql.ts';
import { castTo } from './sql.ts';

type Kind = ColumnType['kind'];

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
  const kinds = args.map(({ type }) => type.kind).filter((kind) => kind !== 'null');
  return (
    COMPARED.some((group) => kinds.every((kind) => group.has(kind))) &&
    !args.some(({ type }) => isUnsized(type))
  );
}

const compared = (emit: Emitter): FunctionRow => ({ emit, exact: areCompared });

/** Choices give one of their values: all have its type. */
function hasKnownType({ type }: TypedCall): boolean {
  return COMPARED.some((group) => group.has(type.kind)) && !isUnsized(type);
}

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

const ofFloats = (operator: string): Row => ({
  emit: infix(operator),
  exact: ({ args }) => staysInRange(operator, args),
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
  const [wide, narrow] = [decimalSize(type), decimalSize(from)];
  return wide.scale >= narrow.scale && wide.precision - wide.scale >= narrow.precision - narrow.scale;
}

/** MariaDB has no FILTER. */
function counted(a: string, { condition }: EmitSite): string {
  return condition === null ? a : `CASE WHEN ${condition} THEN ${a} END`;
}

const grouped =
  (name: string): Emitter =>
  ([a], site) =>
    `${name}(${counted(a!, site)})`;

/** Sums of up to 28 digits stay within 38, however many rows there are. */
const SUMMED_DIGITS = 28;

function isSummable({ args: [arg] }: TypedCall): boolean {
  return !isUnsized(arg!.type) && decimalSize(arg!.type).precision <= SUMMED_DIGITS;
}

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
  '=': compared(EQUALITY['=']),
  '<>': compared(EQUALITY['<>']),
  'is distinct from': compared(([a, b]) => `(NOT (${a} <=> ${b}))`),
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
