/**
 * Two things about a user's SQL that matter when stages are placed around it: whether its rows may come in an order, and
 * whether running it may fail for a value. Both err to the safe side, which costs some time or some precision of an
 * error, never a wrong answer: the word `order` anywhere may be an ORDER BY.
 */

/** May the rows come in an order that the user asked for? */
export function mayBeOrdered(sql: string): boolean {
  return /\border\b/i.test(sql);
}

/** Only names, constants, commas and comparisons: nothing is computed, so that nothing fails. */
const ONLY_READS = /^(?:'[^']*'|"[^"]*"|[\w\s.,=<>!;$])*$/;

export function mayFail(sql: string): boolean {
  const withoutStars = sql.replace(/(\bselect|,|\.)\s*\*/gi, '$1 ');
  return !ONLY_READS.test(withoutStars) || /\bcast\b/i.test(withoutStars);
}
