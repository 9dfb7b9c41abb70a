/**
 * What matters of a user's SQL when stages are placed around it: whether its rows may come in an order, whether it may
 * drop rows, and whether running it may fail for a value. They err to the safe side, which costs some time or some precision of an
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

/**
 * May it have conditions of its own, with which the database would merge those of stages? All columns of one table have
 * none; a view has its own, but tests them before those of the same cost around it.
 */
export function mayFilter(sql: string): boolean {
  return (
    !/^\s*(?:select\s+[\w\s.,*"]+?\s+from|table)\s+[\w."]+\s*;?\s*$/i.test(sql) || /\bdistinct\b/i.test(sql)
  );
}
