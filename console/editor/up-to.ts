/** The beginning of a query, up to the stage in which the cursor stands: its rows are what that stage makes. */
import type { Explanation } from '../api/explain.ts';

/** Returns the whole text when nothing is known of its stages. A cursor in the SQL asks for the SQL alone. */
export function textUpTo(text: string, cursor: number, explanation: Explanation | null): string {
  const stages = explanation?.stages ?? [];
  const after = stages.findIndex(({ span }) => span.start > cursor);
  if (after < 0) return text;
  const end = text.lastIndexOf('|', stages[after]!.span.start);
  return end < 0 ? text : text.slice(0, end);
}
