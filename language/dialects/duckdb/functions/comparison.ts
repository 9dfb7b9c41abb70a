/** Comparisons, logic and choices in the stage engine, whose text is ordered by code point. */
import type { Emitter, FunctionTable } from '../../function-table.ts';
import { EQUALITY, LOGIC, named, ORDER } from '../../standard-sql.ts';
import { onceInDuckdb } from '../once.ts';

function memberOf(value: string, list: string): string {
  const hasNull = `len(list_filter(${list}, lambda e: e IS NULL)) > 0`;
  return `CASE WHEN len(${list}) = 0 THEN false WHEN ${value} IS NULL THEN NULL WHEN list_contains(${list}, ${value}) THEN true WHEN ${hasNull} THEN NULL ELSE false END`;
}

const inList: Emitter = ([value, list]) => onceInDuckdb([value!], ([x]) => memberOf(x!, list!));

export const comparison = {
  ...EQUALITY,
  ...ORDER,
  ...LOGIC,
  'in/list': inList,
  'not in/list': (args, site) => `(NOT ${inList(args, site)})`,
  greatest: named('greatest'),
  least: named('least'),
} satisfies FunctionTable;
