/** The SQL by which the stage engine reads kept results, for those that know it by that name only. */
import { jsonOfKeptText, typeOfKeptValue, valueOfKeptText } from '../dialects/duckdb/kept-texts.ts';

export const KEPT_RESULTS = {
  jsonOfText: jsonOfKeptText,
  typeOfValue: typeOfKeptValue,
  valueOfText: valueOfKeptText,
} as const;
