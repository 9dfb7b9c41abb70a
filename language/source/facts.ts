/**
 * Tells what matters of a user's SQL when stages are placed around it: whether its rows may come in an order, whether it may
 * drop rows, and whether running it may fail for a value. All three err to the safe side, which costs some time or some precision
 * of an error, never a wrong answer.
 */
import type { Lexical } from '../dialects/lexical.ts';

/** Tells whether the rows may come in an order that the user asked for: the word `order`, even in a quoted name, may be an ORDER BY. */
export function mayBeOrdered(sql: string): boolean {
  return /\border\b/i.test(sql);
}

/** Tells whether something is computed: names, constants, commas and comparisons alone compute nothing, so that nothing fails. */
export function mayFail(sql: string, lexical: Lexical): boolean {
  const withoutStars = sql.replace(/(\bselect|,|\.)\s*\*/gi, '$1 ');
  return !readsOnly(lexical).test(withoutStars) || /\bcast\b/i.test(withoutStars);
}

/**
 * Tells whether the SQL may have conditions of its own, with which the database would merge those of stages. All columns of one
 * table have none; a view has its own, but tests them before those of the same cost around it.
 */
export function mayFilter(sql: string, lexical: Lexical): boolean {
  return !wholeTable(lexical).test(sql) || /\bdistinct\b/i.test(sql);
}

function readsOnly({ nameQuotes, bracketNames, backslashEscapes }: Lexical): RegExp {
  // A text with a backslash in it, where that escapes, may go on behind its quote.
  const text = backslashEscapes ? "'[^'\\\\]*'" : "'[^']*'";
  const names = [...nameQuotes].map((quote) => `${quote}[^${quote}]*${quote}`);
  const brackets = bracketNames ? ['\\[[^\\]]*\\]'] : [];
  return new RegExp(`^(?:${[text, ...names, ...brackets, '[\\w\\s.,=<>!;$]'].join('|')})*$`);
}

function wholeTable({ nameQuotes, bracketNames }: Lexical): RegExp {
  const quotes = bracketNames ? `${nameQuotes}[\\]` : nameQuotes;
  return new RegExp(
    `^\\s*(?:select\\s+[\\w\\s.,*${quotes}]+?\\s+from|table)\\s+[\\w.${quotes}]+\\s*;?\\s*$`,
    'i',
  );
}
