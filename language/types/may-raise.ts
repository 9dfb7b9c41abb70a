/**
 * Says which expressions can fail for some value. This decides what may be computed earlier than it was written: what never
 * fails may; what can fail must not see a row that an earlier filter or limit takes away. A function counts as failing
 * unless its definition says that it never does, so that a forgotten word costs time and never a wrong error.
 */
import type { Typed, TypedCall } from './typed.ts';

export function mayRaise(typed: Typed): boolean {
  if (typed.kind !== 'call') return false;
  const filter = typed.aggregate?.filter ?? null;
  return !typed.safe || typed.args.some(mayRaise) || (filter !== null && mayRaise(filter));
}

/** The call itself, whatever its arguments do: fails for every row or for none, so that it may be computed before there is any. */
export function raisesAtOnce(call: TypedCall): boolean {
  return call.aggregate === null && !call.safe && isConstant(call, NONE);
}

const NONE: ReadonlySet<string> = new Set();

/** Says whether the value is the same for all rows; `constants` are the columns that are. */
export function isConstant(typed: Typed, constants: ReadonlySet<string>): boolean {
  if (typed.kind === 'column') return constants.has(typed.name);
  if (typed.kind === 'parameter') return false;
  return (
    typed.kind === 'literal' ||
    (typed.aggregate === null && typed.args.every((arg) => isConstant(arg, constants)))
  );
}

/** Says whether a part of the value that may fail reads nothing but these columns, which are the same for all rows. */
export function raisesOfConstants(typed: Typed, constants: ReadonlySet<string>): boolean {
  if (typed.kind !== 'call') return false;
  if (typed.aggregate === null && !typed.safe && isConstant(typed, constants)) return true;
  const filter = typed.aggregate?.filter ?? null;
  const parts = filter === null ? typed.args : [...typed.args, filter];
  return parts.some((part) => raisesOfConstants(part, constants));
}
