/** DuckDB's dialect, whole: the stage engine, which runs whatever stages are exact in no database. */

import { DOLLAR_BINDING } from '../binding.ts';
import type { DialectTraits, ListSql, StageEngineDialect } from '../dialect.ts';
import { DUCKDB_LEXICAL } from './lexical.ts';
import { raiseError, raiseErrorAbout } from './raise.ts';
import { duckdbType, inputColumn, literal, parameter, quoteName, quoteText } from './sql.ts';
import { textInDuckdb } from './text.ts';
import { typeOfEngine } from './types.ts';

const TRAITS: DialectTraits = {
  keepsArrivalOrder: true,
  testsFiltersInOrder: true,
  computesArgumentsBeforeFilter: true,
  // An OFFSET 0 alone would be taken away.
  fence: `LIMIT ${2n ** 62n} OFFSET 0`,
  codePointOrder: '',
};

const LISTS: ListSql = {
  of: (elements) => `[${elements.join(', ')}]`,
  ofTexts: (texts) => `[${texts.map(quoteText).join(', ')}]`,
  length: (list) => `len(${list})`,
  ofNull: () => '[NULL]',
  split: (text, separator) => `string_split(${text}, ${quoteText(separator)})`,
  places: (list) => `unnest(range(len(${list})))`,
};

export const DUCKDB: StageEngineDialect = {
  name: 'duckdb',
  title: 'DuckDB',
  traits: TRAITS,
  lexical: DUCKDB_LEXICAL,
  binding: DOLLAR_BINDING,
  lists: LISTS,
  quoteName,
  quoteText,
  typeName: duckdbType,
  literal,
  parameter,
  raise: raiseError,
  raiseAbout: raiseErrorAbout,
  text: textInDuckdb,
  inputColumn,
  typeOf: typeOfEngine,
};
