/** Writes SQL that needs an argument more than once (see duckdb/once.ts, which does the same in the stage engine). */
import { isShort, NAMES } from '../named-once.ts';

/**
 * SQL of `body` with each argument computed once: a subquery, kept from being merged with what is around it. A window
 * function has no meaning inside of one, so it is repeated: it stands in no other, so that nothing grows further.
 */
export function onceInPostgres(args: readonly string[], body: (args: readonly string[]) => string): string {
  if (args.every((arg) => isShort(arg) || / OVER \(/.test(arg))) return body(args);
  const fields = args.map((arg, index) => `${arg} AS ${NAMES[index]}`);
  const named = args.map((_, index) => `bound.${NAMES[index]}`);
  return `(SELECT ${body(named)} FROM (SELECT ${fields.join(', ')} OFFSET 0) AS bound)`;
}
