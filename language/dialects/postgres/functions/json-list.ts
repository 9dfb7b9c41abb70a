/**
 * JSON and lists as PostgreSQL computes them exactly. Left out: taking a part out of JSON. The stage engine writes it anew
 * (`2.50` is 2.5, blanks go), PostgreSQL copies the stretch; of a key that stands twice the engine takes the first,
 * PostgreSQL the last.
 */
import { literalInteger } from '../../../types/literals.ts';
import type { TypedCall } from '../../../types/typed.ts';
import type { FunctionTable, Row } from '../../function-table.ts';
import { named } from '../../standard-sql.ts';

/** Text that is no JSON fails in both, but not the same text: each is strict about something else. */
function isJson({ args: [value] }: TypedCall): boolean {
  return value!.type.kind === 'json' || value!.type.kind === 'null';
}

export const json = {
  json_type: { emit: named('json_typeof'), exact: isJson },
  json_array_length: {
    emit: ([a]) => `CASE json_typeof(${a}) WHEN 'array' THEN CAST(json_array_length(${a}) AS int8) END`,
    exact: isJson,
  },
} satisfies FunctionTable;

/** Counted from the end, PostgreSQL would need the length as well. */
const element: Row = {
  emit: ([a], { call }) => `(${a})[${literalInteger(call.args[1])}]`,
  exact({ type, args: [, place] }) {
    const at = literalInteger(place);
    return at !== null && at >= 1 && at < 2 ** 31 && type.kind !== 'list';
  },
};

export const list = {
  list_length: ([a]) => `CAST(cardinality(${a}) AS int8)`,
  list_get: element,
  list_join: named('array_to_string'),
} satisfies FunctionTable;
