/** The SQL of calls that Spark computes exactly as the stage engine does. Each was tried by the functions' oracle on Spark 4.2 itself. */

import { decimalSize, type ExprType, isUnsized } from '../../../types/rules.ts';
import type { TypedCall } from '../../../types/typed.ts';
import { compareAlike, comparisonsAndLogic, isComparable } from '../../exact-calls.ts';
import type { Emitter, FunctionRow, FunctionTable } from '../../function-table.ts';
import { EQUALITY, LOGIC, named, OWN } from '../../standard-sql.ts';
import { aggregates } from './aggregate.ts';
import { arithmetic } from './arithmetic.ts';
import { casts } from './casts.ts';
import { haveRoom } from './decimals.ts';
import { text } from './text.ts';
import { time } from './time.ts';

function areCompared({ args }: TypedCall): boolean {
  const types = args.map(({ type }) => type);
  return compareAlike(types) && haveRoom(types);
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

/** Spark numbers no rows without an order. In the order in which they arrive, ascending numbers with gaps do. */
const rowNumber: Emitter = (args, site) =>
  site.over === ' OVER ()' ? 'monotonically_increasing_id()' : OWN['own/row number'](args, site);

/** Spark's own takes two values or more. */
function ofSeveral(name: string): Emitter {
  const several = named(name);
  return (args, site) => (args.length === 1 ? args[0]! : several(args, site));
}

export const SPARK_FUNCTIONS: FunctionTable = {
  ...arithmetic,
  ...text,
  ...time,
  ...casts,
  ...aggregates,
  ...comparisonsAndLogic(compared, chosen),
  greatest: chosen(ofSeveral('greatest')),
  least: chosen(ofSeveral('least')),
  'is distinct from': compared(EQUALITY['is distinct from']),
  nullif: { emit: LOGIC.nullif, exact: (call) => areAlike(call) && areCompared(call) },
  'own/row number': rowNumber,
  'own/merged key': chosen(OWN['own/merged key']),
  'own/is true': OWN['own/is true'],
  'own/above zero': OWN['own/above zero'],
  'own/no rows': OWN['own/no rows'],
  'own/is finite': ([a]) => `(${a} IS NOT NULL)`,
  'own/last before': ([a], { over }) => `last_value(${a}) IGNORE NULLS${over}`,
};
