/**
 * The infix operators and how tightly each binds; and those of other languages, refused with the word to write here.
 */
import type { Cursor } from './cursor.ts';

export const OR = 1;
export const AND = 2;
export const NOT = 3;
export const COMPARE = 4;
export const CONCAT = 5;
const SUM = 6;
const PRODUCT = 7;
export const NEGATE = 8;
const EXTRACT = 9;

const SYMBOLS: Readonly<Record<string, number>> = {
  '=': COMPARE,
  '<>': COMPARE,
  '!=': COMPARE,
  '<': COMPARE,
  '<=': COMPARE,
  '>': COMPARE,
  '>=': COMPARE,
  '||': CONCAT,
  '+': SUM,
  '-': SUM,
  '*': PRODUCT,
  '/': PRODUCT,
  '%': PRODUCT,
  '->': EXTRACT,
  '->>': EXTRACT,
};

const WORD_TESTS = new Set(['is', 'in', 'between', 'like', 'ilike', 'not']);

const FOREIGN: Readonly<Record<string, string>> = {
  '==': 'for equality write `=`',
  '=~': 'for patterns write `regexp_match(text, pattern)`',
  '!~': 'for patterns write `not regexp_match(text, pattern)`',
  '&&': 'for "and" write `and`',
  '=<': 'for "less or equal" write `<=`',
  '=>': 'for "greater or equal" write `>=`',
  '[': 'the n-th element of a list is `list_get(list, n)`, from 1; of json `json -> n`, from 0',
  '.': 'columns of a stage have no table: write the name alone; a name with a point in it needs "quotes"',
};

/** Returns how tightly the operator that stands here binds; 0 when none stands here. */
export function infixPrecedence(cursor: Cursor): number {
  const token = cursor.peek();
  if (token.kind === 'word') {
    if (token.lower === 'or') return OR;
    if (token.lower === 'and') return AND;
    return WORD_TESTS.has(token.lower) ? COMPARE : 0;
  }
  if (token.kind !== 'symbol') return 0;
  const foreign = FOREIGN[token.text];
  if (foreign !== undefined) cursor.fail('an operator is expected', foreign);
  return SYMBOLS[token.text] ?? 0;
}
