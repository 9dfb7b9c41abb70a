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
  return call.aggregate === null && !call.safe && !dependsOnRows(call);
}

function dependsOnRows(typed: Typed): boolean {
  if (typed.kind === 'column' || typed.kind === 'parameter') return true;
  return typed.kind === 'call' && (typed.aggregate !== null || typed.args.some(dependsOnRows));
}
