/** Says when an argument that SQL needs more than once is written out again, and names one that is computed once. */

/** The length of a column, a constant, a small call of them. */
const SHORT_CHARACTERS = 60;

export const NAMES = ['a', 'b', 'c', 'd'] as const;

export function isShort(sql: string): boolean {
  return sql.length <= SHORT_CHARACTERS;
}
