/** Patterns of `regex`: what is wrong with them is told at their place, before the stage engine reads them. */
import type { LegacyCursor } from './cursor.ts';

/** The pattern without what is escaped, and without closed classes: its brackets are brackets. */
function bare(pattern: string): string {
  return pattern.replace(/\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]/gsu, 'x');
}

/** Throws syntax for a pattern with an open bracket, or with nothing to repeat. */
export function readPattern(cursor: LegacyCursor): string {
  const token = cursor.peek();
  const pattern = cursor.text_('a pattern');
  const mistake = mistakeOf(bare(pattern));
  if (mistake !== null)
    cursor.failAt(token, mistake, 'write a backslash before a sign that stands for itself: `\\[`');
  return pattern;
}

function mistakeOf(pattern: string): string | null {
  if (pattern.includes('[')) return 'the pattern has a bracket [ that is never closed';
  if (/^[*+?]|[(|][*+]/u.test(pattern))
    return 'the pattern repeats nothing: a sign must stand before `*`, `+` and `?`';
  let depth = 0;
  for (const sign of pattern) {
    if (sign === '(') depth++;
    if (sign === ')') depth--;
    if (depth < 0) return 'the pattern closes a bracket ) that was never opened';
  }
  return depth > 0 ? 'the pattern has a bracket ( that is never closed' : null;
}

/** `(n)`: the n-th group of the pattern. Groups begin with a bracket without `?`, or with `(?<name>` or `(?P<name>`. */
export function groupOf(pattern: string, cursor: LegacyCursor): number {
  cursor.expectSign('(');
  const token = cursor.peek();
  const group = cursor.whole();
  const groups = bare(pattern).match(/\((?!\?)|\(\?P?<(?![=!])/gu)?.length ?? 0;
  if (group < 0 || group > groups)
    cursor.failAt(
      token,
      groups === 0 ? 'the pattern has no groups' : `the last group of the pattern is ${groups}`,
      'put brackets around the part that you want, and write `group(1)`',
    );
  cursor.expectSign(')');
  return group;
}
