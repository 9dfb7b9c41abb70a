/** The traits in which PostgreSQL differs from other dialects, and the SQL of lists, which are its arrays. */
import type { DialectTraits, ListSql } from '../dialect.ts';

export const POSTGRES_TRAITS: DialectTraits = {
  keepsArrivalOrder: false,
  computesConstantsFirst: true,
  testsFiltersInOrder: false,
  computesArgumentsBeforeFilter: false,
  arrivalNumber: 'row_number() OVER ()',
  // A LIMIT would keep it from parallel plans.
  fence: 'OFFSET 0',
  codePointOrder: ' COLLATE "C"',
  placesNulls: true,
  limitsByNumbers: false,
  limitType: null,
  numbersByOrder: false,
  materialized: ' MATERIALIZED',
};

export const POSTGRES_LISTS: ListSql = { places: (list) => `generate_subscripts(${list}, 1)` };
