/**
 * Writes SQL that needs an argument more than once. A short argument is repeated; a long one is computed once and named,
 * so that the text of nested calls grows linearly whatever their depth.
 */
import { isShort, NAMES } from '../named-once.ts';

/** SQL of `body` with each argument computed once: a list of one struct, and a lambda over it. */
export function onceInDuckdb(args: readonly string[], body: (args: readonly string[]) => string): string {
  if (args.every(isShort)) return body(args);
  const fields = args.map((arg, index) => `${NAMES[index]} := ${arg}`);
  const named = args.map((_, index) => `struct_extract(bound, '${NAMES[index]}')`);
  return `list_transform([struct_pack(${fields.join(', ')})], lambda bound: ${body(named)})[1]`;
}
