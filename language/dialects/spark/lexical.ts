/** Spark's lexical rules, with `spark.sql.ansi.doubleQuotedIdentifiers` off as it is by default. */
import { type Lexical, USUAL_SUGGESTIONS, words } from '../lexical.ts';

export const SPARK_LEXICAL: Lexical = {
  nameQuotes: '`',
  bracketNames: false,
  doubleQuotedTexts: true,
  backslashEscapes: true,
  escapeStrings: false,
  dollarQuotes: false,
  nestedComments: true,
  hashComments: false,
  dashesNeedSpace: false,
  operatorCharacters: '+-*/<>=~!%^&|',
  slices: false,
  words: {
    reads: ['select', 'with', 'values', 'from', 'table'],
    alone: [],
    explainOptions: [],
    writes: words(
      'insert update delete merge truncate create drop alter rename grant revoke load call set reset use cache uncache refresh ' +
        'analyze add list msck repair show describe desc explain clear comment import export lock unlock',
    ),
    reserved: words(
      'all and anti any as asc between by case cast cross cube desc distinct else end except exists false filter for from full ' +
        'group grouping having in inner intersect interval into is join lateral left like limit minus natural not null on or ' +
        'order outer over partition pivot qualify right rollup rows select semi set table tablesample then to true union unpivot ' +
        'using values when where window with',
    ),
    suggested: USUAL_SUGGESTIONS,
    heads: [
      ['select', 'columns from tables'],
      ['with', 'name a query, then use it'],
      ['from', 'tables first, then what to select'],
      ['values', 'rows written out'],
    ],
  },
};
