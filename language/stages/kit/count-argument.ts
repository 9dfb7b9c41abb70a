/** A count that a stage takes as an argument (`head 10`, `top :n by city`). */
import type { Expression } from '../../frontends/query-tree.ts';
import { resolveExpression } from '../../resolve/expression.ts';
import type { Scope } from '../../resolve/scope.ts';
import type { Typed } from '../../types/typed.ts';
import { asWritten, isUntyped } from '../../types/untyped.ts';

/** A constant or parameter that is a whole number of at least `least`; null when it is something else. */
export function countOf(node: Expression, scope: Scope, least: number): Typed | null {
  if (node.kind !== 'number' && node.kind !== 'parameter') return null;
  const given = resolveExpression(node, scope);
  const count = isUntyped(given) ? asWritten(given) : given;
  if (count?.type.kind !== 'int64') return null;
  return count.kind === 'literal' && Number(count.value) < least ? null : count;
}
