/** Tells what a character begins in the SQL of a dialect: a table for each, made once, so that scanning takes one look at it. */
import type { Lexical } from '../dialects/lexical.ts';

const SYMBOL = 0;
export const WORD = 1;
const SPACE = 2;
export const DIGIT = 3;
export const OPERATOR = 4;
export const TEXT_QUOTE = 5;
export const NAME_QUOTE = 6;
export const BRACKET_NAME = 7;
export const DOLLAR = 8;
export const OPENING = 9;
export const CLOSING = 10;
export const COLON = 11;
export const SEMICOLON = 12;
export const NUL = 13;
/** The class of characters that may begin a comment, and are operators otherwise. */
export const COMMENT_OR_OPERATOR = 14;

const tables = new WeakMap<Lexical, Uint8Array>();

/** Classes of the characters 0 to 127, by their code. */
export function classesOf(lexical: Lexical): Uint8Array {
  const known = tables.get(lexical);
  if (known !== undefined) return known;
  const made = makeTable(lexical);
  tables.set(lexical, made);
  return made;
}

function makeTable(lexical: Lexical): Uint8Array {
  const table = new Uint8Array(128).fill(SYMBOL);
  const set = (characters: string, value: number): void => {
    for (const char of characters) table[char.charCodeAt(0)] = value;
  };
  set('ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz', WORD);
  set(' \t\n\v\f\r', SPACE);
  set('0123456789', DIGIT);
  set(lexical.operatorCharacters, OPERATOR);
  set('$', DOLLAR);
  set('([', OPENING);
  set(')]', CLOSING);
  set(':', COLON);
  set(';', SEMICOLON);
  set('\0', NUL);
  set("'", TEXT_QUOTE);
  if (lexical.doubleQuotedTexts) set('"', TEXT_QUOTE);
  set(lexical.nameQuotes, NAME_QUOTE);
  if (lexical.bracketNames) set('[', BRACKET_NAME);
  set('-/', COMMENT_OR_OPERATOR);
  if (lexical.hashComments) set('#', COMMENT_OR_OPERATOR);
  return table;
}
