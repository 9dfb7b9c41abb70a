/** PostgreSQL's lexical rules, with `standard_conforming_strings` on, which every session of ours sets. */
import { type Lexical, type SqlWords, USUAL_SUGGESTIONS, words } from '../lexical.ts';

const WORDS: SqlWords = {
  reads: ['select', 'with', 'values', 'table', 'show', 'explain'],
  alone: ['show', 'explain'],
  explainOptions: words('analyze verbose ( costs buffers format timing settings'),
  writes: words(
    'insert update delete merge truncate create drop alter grant revoke copy call do execute prepare deallocate ' +
      'begin start commit rollback abort savepoint release end lock vacuum analyze reindex cluster refresh comment ' +
      'security import listen notify unlisten load reassign discard reset declare fetch move close checkpoint replace',
  ),
  reserved: words(
    'all and any array as asc case check column desc distinct do else end false for from group having in into limit not ' +
      'null offset on only or order select table then to true union unique user using when where with',
  ),
  suggested: USUAL_SUGGESTIONS,
  heads: [
    ['select', 'columns from tables'],
    ['with', 'name a query, then use it'],
    ['values', 'rows written out'],
    ['table', 'all of a table'],
  ],
};

export const POSTGRES_LEXICAL: Lexical = {
  // PostgreSQL has no names in backticks: it refuses them, and a pipe between two of them is no pipe of ours.
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
  words: WORDS,
};
