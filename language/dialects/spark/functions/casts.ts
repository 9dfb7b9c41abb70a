/** Casts that are the same in Spark. Left out: what is read from text, what rounds, and the digits of floats. */
import type { ColumnType } from '../../../../core/protocol/types.ts';
import { type TypedCall, valueType } from '../../../types/typed.ts';
import { keepsValue } from '../../exact-calls.ts';
import type { Emitter, FunctionTable } from '../../function-table.ts';
import { castTo } from '../sql.ts';

type Kind = ColumnType['kind'];

/** Casts that never fail, beside those that keep the value in every dialect. */
const SAME: Readonly<Partial<Record<Kind, readonly Kind[]>>> = {
  bool: ['bool', 'int64', 'float64', 'string'],
  int64: ['bool', 'string'],
  decimal: ['bool', 'float64', 'string'],
  float64: ['bool', 'float64'],
  string: ['string'],
  date: ['string', 'timestamptz'],
  timestamp: ['date', 'timestamp', 'timestamptz', 'string'],
  timestamptz: ['date', 'timestamp', 'timestamptz', 'string'],
};

function isSame(call: TypedCall): boolean {
  const [from, to] = [call.args[0]!.type, call.type];
  if (from.kind === 'null' || to.kind === 'null') return false;
  if (from.kind === 'decimal' && (from.precision ?? null) === null) return false;
  return keepsValue(call) || SAME[from.kind]?.includes(to.kind) === true;
}

const cast: Emitter = ([a], { call }) => {
  const [from, to] = [call.args[0]!.type, valueType(call.type)];
  if (to.kind === 'bool' && from.kind !== 'bool') return `(${a} <> 0)`;
  const plain = castTo(a!, to);
  return from.kind === 'timestamptz' && to.kind === 'string' ? `concat(${plain}, '+00')` : plain;
};

export const casts = {
  cast: { emit: cast, exact: isSame },
  try_cast: { emit: cast, exact: isSame },
} satisfies FunctionTable;
