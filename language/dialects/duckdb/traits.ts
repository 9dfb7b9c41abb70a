/** DuckDB's dialect, whole: the stage engine, which runs whatever stages are exact in no database. */

import { DOLLAR_BINDING } from '../binding.ts';
import type { DialectTraits, ListSql, StageEngineDialect } from '../dialect.ts';
import { DUCKDB_BINS } from './bins.ts';
import { DUCKDB_LEXICAL } from './lexical.ts';
import { raiseError } from './raise.ts';
import { duckdbType, inputColumn, literal, parameter, quoteName, quoteText } from './sql.ts';
import { typeOfEngine } from './types.ts';

const TRAITS: DialectTraits = {
  keepsArrivalOrder: true,
  computesConstantsFirst: false,
  testsFiltersInOrder: true,
  computesArgumentsBeforeFilter: true,
  arrivalNumber: 'row_number() OVER ()',
  // An OFFSET 0 alone would be taken away.
  fence: `LIMIT ${2n ** 62n} OFFSET 0`,
  codePointOrder: '',
  placesNulls: true,
  limitsByNumbers: false,
  limitType: null,
  numbersByOrder: false,
  materialized: ' MATERIALIZED',
};

const LISTS: ListSql = { places: (list) => `unnest(range(len(${list})))` };

export const DUCKDB: StageEngineDialect = {
  name: 'duckdb',
  title: 'DuckDB',
  traits: TRAITS,
  lexical: DUCKDB_LEXICAL,
  binding: DOLLAR_BINDING,
  lists: LISTS,
  bins: DUCKDB_BINS,
  quoteName,
  quoteText,
  typeName: duckdbType,
  literal,
  parameter,
  raise: raiseError,
  inputColumn,
  typeOf: typeOfEngine,
};
