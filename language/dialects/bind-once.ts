/**
 * For SQL that needs an argument more than once. A short argument is repeated; a long one is computed once and named,
 * so that the text of nested calls grows linearly whatever their depth.
 */

/** What is written out again: a column, a constant, a small call of them. */
const SHORT_CHARACTERS = 60;
const NAMES = ['a', 'b', 'c', 'd'] as const;

type Body = (args: readonly string[]) => string;

/** In DuckDB: a list of one struct, and a lambda over it. */
export function onceInDuckdb(args: readonly string[], body: Body): string {
  if (args.every(isShort)) return body(args);
  const fields = args.map((arg, index) => `${NAMES[index]} := ${arg}`);
  const named = args.map((_, index) => `struct_extract(bound, '${NAMES[index]}')`);
  return `list_transform([struct_pack(${fields.join(', ')})], lambda bound: ${body(named)})[1]`;
}

/**
 * In PostgreSQL: a subquery, kept from being merged with what is around it. A window function has no meaning inside of
 * one, so it is repeated: it stands in no other, so that nothing grows further.
 */
export function onceInPostgres(args: readonly string[], body: Body): string {
  if (args.every((arg) => isShort(arg) || / OVER \(/.test(arg))) return body(args);
  const fields = args.map((arg, index) => `${arg} AS ${NAMES[index]}`);
  const named = args.map((_, index) => `bound.${NAMES[index]}`);
  return `(SELECT ${body(named)} FROM (SELECT ${fields.join(', ')} OFFSET 0) AS bound)`;
}

function isShort(text: string): boolean {
  return text.length <= SHORT_CHARACTERS;
}
