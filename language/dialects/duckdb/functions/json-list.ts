/** JSON and lists in the stage engine. */
import { stepsWritten } from '../../../types/json-path.ts';
import type { Emitter, FunctionTable } from '../../function-table.ts';
import { infix, named } from '../../standard-sql.ts';
import { extraction } from '../json-path.ts';

function part(engineName: string): Emitter {
  return ([json], { call }) =>
    `CAST(${extraction(engineName, json!, stepsWritten(call.constants))} AS VARCHAR)`;
}

function partAt(engineName: string): Emitter {
  return ([json], { call }) => `CAST(${engineName}(${json}, ${call.constants[0]}) AS VARCHAR)`;
}

export const json = {
  json_extract: part('json_extract'),
  'json_extract/place': partAt('json_extract'),
  json_extract_string: part('json_extract_string'),
  'json_extract_string/place': partAt('json_extract_string'),
  // The engine has names of its own for the kinds of numbers.
  json_type: ([a]) =>
    `lower(regexp_replace(regexp_replace(json_type(${a}), '^(U?BIGINT|HUGEINT|DOUBLE)$', 'number'), '^VARCHAR$', 'string'))`,
  json_array_length: ([a]) =>
    `CASE json_type(${a}) WHEN 'ARRAY' THEN CAST(json_array_length(${a}) AS BIGINT) END`,
} satisfies FunctionTable;

export const list = {
  list_contains: named('list_contains'),
  list_length: ([a]) => `CAST(len(${a}) AS BIGINT)`,
  list_get: named('list_extract'),
  list_slice: named('list_slice'),
  list_sort: ([a]) => `list_sort(${a}, 'ASC', 'NULLS LAST')`,
  list_reverse_sort: ([a]) => `list_sort(${a}, 'DESC', 'NULLS LAST')`,
  list_distinct: ([a]) => `list_sort(list_distinct(${a}))`,
  list_join: named('array_to_string'),
  // The engine's own function treats a null list as an empty one.
  list_concat: infix('||'),
} satisfies FunctionTable;
