/** SQL that every dialect reads alike: the parts that tables of functions are made of. */
import { literalText } from '../types/literals.ts';
import type { AggregateText, Emitter, FunctionTable } from './function-table.ts';

export function infix(operator: string): Emitter {
  return ([a, b]) => `(${a} ${operator} ${b})`;
}

/** `name(a, b, ...)` */
export function named(name: string): Emitter {
  return (args) => `${name}(${args.join(', ')})`;
}

/** `name(inside) FILTER (...) OVER (...)` */
export function aggregateText(name: string, inside: string, { order, filter, over }: AggregateText): string {
  return `${name}(${inside}${order})${filter}${over}`;
}

export function aggregate(name: string): Emitter {
  return (args, site) => aggregateText(name, args.join(', '), site);
}

/** A window function: there is always an OVER. */
export function windowed(name: string): Emitter {
  return (args, { over }) => `${name}(${args.join(', ')})${over}`;
}

/** `like` and its like, whose escape is a backslash: without one in it an engine can run a pattern as a plain search. */
export function matching(word: string): Emitter {
  return ([a, pattern], { call }) => {
    const escapes = literalText(call.args[1])?.includes('\\') !== false;
    return escapes ? `(${a} ${word} ${pattern} ESCAPE '\\')` : `(${a} ${word} ${pattern})`;
  };
}

/** `lag` and `lead`: so many rows away, a constant; outside of the group what the second argument says. */
export function away(name: string): Emitter {
  return ([value, ...otherwise], { over, call }) =>
    `${name}(${[value, call.constants[0], ...otherwise].join(', ')})${over}`;
}

const chained =
  (word: string): Emitter =>
  (args) =>
    `(${args.join(` ${word} `)})`;
const postfix =
  (words: string): Emitter =>
  ([a]) =>
    `(${a} ${words})`;
const range =
  (word: string): Emitter =>
  ([a, low, high]) =>
    `(${a} ${word} ${low} AND ${high})`;
const among =
  (word: string): Emitter =>
  ([value, ...items]) =>
    `(${value} ${word} (${items.join(', ')}))`;

/** Conditions come first, then the value of each, then that of `else`, when there is one. */
const caseWhen: Emitter = (args) => {
  const count = Math.floor(args.length / 2);
  const branches = args
    .slice(0, count)
    .map((condition, index) => `WHEN ${condition} THEN ${args[count + index]}`);
  const otherwise = args.length > 2 * count ? ` ELSE ${args[2 * count]}` : '';
  return `CASE ${branches.join(' ')}${otherwise} END`;
};

/** Comparisons of two or more values of one type. */
export const EQUALITY = {
  '=': infix('='),
  '<>': infix('<>'),
  'is distinct from': infix('IS DISTINCT FROM'),
  'is not distinct from': infix('IS NOT DISTINCT FROM'),
  in: among('IN'),
  'not in': among('NOT IN'),
} satisfies FunctionTable;

/** Comparisons that ask for an order: of text, by code point. */
export const ORDER = {
  '<': infix('<'),
  '<=': infix('<='),
  '>': infix('>'),
  '>=': infix('>='),
  between: range('BETWEEN'),
  'not between': range('NOT BETWEEN'),
} satisfies FunctionTable;

/** Logic with three values, and choices. */
export const LOGIC = {
  and: chained('AND'),
  or: chained('OR'),
  not: ([a]) => `(NOT ${a})`,
  'is null': postfix('IS NULL'),
  'is not null': postfix('IS NOT NULL'),
  if: ([condition, a, b]) => `CASE WHEN ${condition} THEN ${a} ELSE ${b} END`,
  case: caseWhen,
  coalesce: named('coalesce'),
  nullif: named('nullif'),
} satisfies FunctionTable;

/** Rows for what stages compute themselves in any dialect. */
export const OWN = {
  'own/row number': windowed('row_number'),
  'own/is true': postfix('IS TRUE'),
  'own/merged key': named('coalesce'),
  'own/above zero': ([a]) => `(${a} > 0)`,
  'own/no rows': ([rows, gap, there]) => `CASE WHEN ${rows} IS NULL THEN ${gap} ELSE ${there} END`,
} satisfies FunctionTable;
