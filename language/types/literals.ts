/** Values that stand in the query itself. */
import type { Typed } from './typed.ts';

/** The text of a literal; null for anything else. */
export function literalText(arg: Typed | undefined): string | null {
  return arg?.kind === 'literal' && typeof arg.value === 'string' ? arg.value : null;
}

/** A whole number that is written out; null for anything else. */
export function literalInteger(arg: Typed | undefined): number | null {
  return arg?.kind === 'literal' && arg.type.kind === 'int64' ? Number(arg.value) : null;
}
