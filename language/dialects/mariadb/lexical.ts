/** MariaDB's lexical rules under the `sql_mode` that every session of ours sets: no ANSI_QUOTES, no NO_BACKSLASH_ESCAPES. */
import { type Lexical, USUAL_SUGGESTIONS, words } from '../lexical.ts';

export const MARIADB_LEXICAL: Lexical = {
  nameQuotes: '`',
  bracketNames: false,
  doubleQuotedTexts: true,
  backslashEscapes: true,
  escapeStrings: false,
  dollarQuotes: false,
  nestedComments: false,
  hashComments: true,
  dashesNeedSpace: true,
  operatorCharacters: '+-*/<>=~!%^&|',
  slices: false,
  words: {
    reads: ['select', 'with', 'values', 'show', 'explain', 'describe', 'desc'],
    alone: ['show', 'explain', 'describe', 'desc'],
    explainOptions: words('extended partitions format'),
    writes: words(
      'insert update delete replace truncate create drop alter rename grant revoke load call do execute prepare deallocate ' +
        'begin start commit rollback savepoint release lock unlock analyze optimize repair check flush reset kill set use ' +
        'handler install uninstall xa change purge shutdown',
    ),
    reserved: words(
      'all and as asc between by case check column condition create cross database default delete desc distinct div else ' +
        'exists explain for foreign from group having if in index inner insert interval into is join key keys left like ' +
        'limit lock mod not null on or order outer partition primary procedure range read references replace right rows ' +
        'select set show table then to trigger union unique update using values when where window with write',
    ),
    suggested: USUAL_SUGGESTIONS,
    heads: [
      ['select', 'columns from tables'],
      ['with', 'name a query, then use it'],
      ['values', 'rows written out'],
    ],
  },
};
