/** In which traits PostgreSQL differs from other dialects, and how lists, which are its arrays, are written. */
import type { DialectTraits, ListSql } from '../dialect.ts';
import { postgresType, quoteText } from './sql.ts';

export const POSTGRES_TRAITS: DialectTraits = {
  keepsArrivalOrder: false,
  testsFiltersInOrder: false,
  computesArgumentsBeforeFilter: false,
  // A LIMIT would keep it from parallel plans.
  fence: 'OFFSET 0',
  codePointOrder: ' COLLATE "C"',
};

export const POSTGRES_LISTS: ListSql = {
  of: (elements) => `ARRAY[${elements.join(', ')}]`,
  ofTexts: (texts) => `CAST(ARRAY[${texts.map(quoteText).join(', ')}] AS text[])`,
  length: (list) => `cardinality(${list})`,
  ofNull: (type) => `CAST(ARRAY[NULL] AS ${postgresType(type)})`,
  // string_to_array makes an empty list of the empty text.
  split: (text, separator) =>
    `CASE WHEN ${text} = '' THEN CAST(ARRAY[''] AS text[]) ELSE string_to_array(${text}, ${quoteText(separator)}) END`,
  places: (list) => `generate_subscripts(${list}, 1)`,
};
