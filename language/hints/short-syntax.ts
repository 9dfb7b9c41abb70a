/** A function's syntax as short as it can be called: for hints. */

/** `lag(x[, n = 1[, default]])` is `lag(x)`, `count([x])` is `count()`. */
export function shortSyntax(syntax: string): string {
  let shorter = syntax;
  // Innermost brackets first.
  for (let last = ''; last !== shorter; ) {
    last = shorter;
    shorter = shorter.replace(/\[[^[\]]*\]/g, '');
  }
  return shorter;
}
