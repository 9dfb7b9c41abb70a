/** SQLite's lexical rules. */
import { type Lexical, words } from '../lexical.ts';

export const SQLITE_LEXICAL: Lexical = {
  nameQuotes: '"`',
  bracketNames: true,
  doubleQuotedTexts: false,
  backslashEscapes: false,
  escapeStrings: false,
  dollarQuotes: false,
  nestedComments: false,
  hashComments: false,
  dashesNeedSpace: false,
  operatorCharacters: '+-*/<>=~!%&|',
  slices: false,
  words: {
    reads: ['select', 'with', 'values', 'explain'],
    alone: ['explain'],
    explainOptions: ['query plan'],
    writes: words(
      'insert update delete replace create drop alter begin commit end rollback savepoint release attach detach pragma ' +
        'vacuum analyze reindex',
    ),
    reserved: words(
      'all and as case check collate create default distinct else except exists from group having in index intersect into ' +
        'is join limit not null on or order primary references select set table then to union unique using values when where',
    ),
    suggested: [
      ...words('from where join on having limit and or not as distinct in between like case'),
      'group by',
      'order by',
    ],
    heads: [
      ['select', 'columns from tables'],
      ['with', 'name a query, then use it'],
      ['values', 'rows written out'],
    ],
  },
};
