/**
 * The parts that dialects share whose tables hold only calls that an oracle has shown exact: which types compare as their values do,
 * which casts lose nothing, which sums have room.
 */
import type { ColumnType } from '../../core/protocol/types.ts';
import { staysInRange } from '../types/float-range.ts';
import { literalInteger } from '../types/literals.ts';
import { decimalSize, type ExprType, isUnsized } from '../types/rules.ts';
import { MAX_REPEATS } from '../types/text-bounds.ts';
import type { TypedCall } from '../types/typed.ts';
import type { Emitter, FunctionRow, FunctionTable, Row } from './function-table.ts';
import { EQUALITY, infix, LOGIC, ORDER } from './standard-sql.ts';

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

/** Says whether values of all these types are compared as what they are; null is compared with everything. */
export function compareAlike(types: readonly ExprType[]): boolean {
  const kinds = types.map(({ kind }) => kind).filter((kind) => kind !== 'null');
  return COMPARED.some((group) => kinds.every((kind) => group.has(kind)));
}

/** Says whether values of the type are compared at all, and have a size. */
export function isComparable(type: ExprType): boolean {
  return COMPARED.some((group) => group.has(type.kind)) && !isUnsized(type);
}

/** Returns the rows of comparisons and logic. `compared` and `chosen`: the rows of a comparison and of a choice between values. */
export function comparisonsAndLogic(
  compared: (emit: Emitter) => FunctionRow,
  chosen: (emit: Emitter) => FunctionRow,
): FunctionTable {
  return {
    '=': compared(EQUALITY['=']),
    '<>': compared(EQUALITY['<>']),
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
  };
}

/** A text a literal number of times, within the bound that all engines have. */
export const repeat: Row = {
  emit: ([a], { call }) => `repeat(${a}, ${Math.max(0, literalInteger(call.args[1])!)})`,
  exact({ args: [, n] }) {
    const count = literalInteger(n);
    return count !== null && count <= MAX_REPEATS;
  },
};

/** An operation on floats that cannot leave their range. */
export const ofFloats = (operator: string): Row => ({
  emit: infix(operator),
  exact: ({ args }) => staysInRange(operator, args),
});

const KEPT_CASTS: Readonly<Partial<Record<Kind, readonly Kind[]>>> = {
  int64: ['int64', 'decimal', 'float64'],
  decimal: ['decimal'],
  date: ['date', 'timestamp'],
};

/** Says whether a cast loses no digit and fails for no value. */
export function keepsValue({ type, args: [arg] }: TypedCall): boolean {
  const from = arg!.type;
  if (from.kind === 'null' || type.kind === 'null' || KEPT_CASTS[from.kind]?.includes(type.kind) !== true)
    return false;
  if (type.kind !== 'decimal') return true;
  if (isUnsized(type) || isUnsized(from)) return false;
  const [wide, narrow] = [decimalSize(type), decimalSize(from)];
  return wide.scale >= narrow.scale && wide.precision - wide.scale >= narrow.precision - narrow.scale;
}

/** Sums of up to 28 digits stay within 38, however many rows there are. */
export const SUMMED_DIGITS = 28;

export function isSummable({ args: [arg] }: TypedCall): boolean {
  return !isUnsized(arg!.type) && decimalSize(arg!.type).precision <= SUMMED_DIGITS;
}
