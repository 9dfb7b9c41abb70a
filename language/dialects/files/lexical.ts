/** The lexical rules of SQL over files: those of the stage engine, which runs it, with the words that a query begins with. */
import { DUCKDB_LEXICAL } from '../duckdb/lexical.ts';
import { type Lexical, words } from '../lexical.ts';

export const FILES_LEXICAL: Lexical = {
  ...DUCKDB_LEXICAL,
  nameQuotes: '"',
  words: {
    reads: ['select', 'with', 'values', 'from'],
    alone: [],
    explainOptions: ['analyze'],
    writes: words(
      'insert update delete merge replace create drop alter begin commit rollback start copy export import attach detach ' +
        'use set reset pragma call load install checkpoint vacuum analyze prepare execute deallocate truncate comment',
    ),
    reserved: words(
      'all and any array as asc both case cast check collate column create cross default desc distinct do else end except ' +
        'for foreign from full grant group having in inner intersect into is join left like limit natural not null offset on ' +
        'only or order outer pivot primary qualify references right select some symmetric table then to true union unique ' +
        'unpivot using values when where window with',
    ),
    suggested: [
      ...words('from where join on having qualify limit and or not as distinct in between like case'),
      'group by',
      'order by',
    ],
    heads: [
      ['select', 'columns from tables and files'],
      ['from', 'all columns of a table or file'],
      ['with', 'name a query, then use it'],
      ['values', 'rows written out'],
    ],
  },
};
