/** The lexical rules of the SQL that the stage `sql` takes. Its words are never asked for: the stage checks how it begins. */
import { type Lexical, NO_WORDS } from '../lexical.ts';

export const DUCKDB_LEXICAL: Lexical = {
  // DuckDB has no names in backticks: it refuses them, and a pipe between two of them is no pipe of ours.
  nameQuotes: '"`',
  bracketNames: false,
  doubleQuotedTexts: false,
  backslashEscapes: false,
  escapeStrings: true,
  dollarQuotes: true,
  nestedComments: true,
  hashComments: false,
  dashesNeedSpace: false,
  operatorCharacters: '+-*/<>=~!@#%^&|?',
  slices: true,
  words: NO_WORDS,
};
