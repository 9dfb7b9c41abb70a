/** PostgreSQL's SQL of the functions that only stages call, no user, and that PostgreSQL computes exactly. */
import type { WireError } from '../../../../core/protocol/errors.ts';
import { STAGE_LIMITS } from '../../../../core/protocol/stage-limits.ts';
import { INT64 } from '../../../types/rules.ts';
import { type TypedCall, valueType } from '../../../types/typed.ts';
import type { Emitter, FunctionTable } from '../../function-table.ts';
import { named, OWN } from '../../standard-sql.ts';
import { raiseInPostgres } from '../raise.ts';
import { postgresType, quoteText } from '../sql.ts';

/** The error that stands first among the constants. */
function errorOf({ constants }: TypedCall): WireError {
  return JSON.parse(constants[0]!) as WireError; // the compiler's own text
}

/** `string_to_array` would make an empty list of the empty text. */
const split: Emitter = ([a], { call }) =>
  `CASE WHEN ${a} = '' THEN CAST(ARRAY[''] AS text[]) ELSE string_to_array(${a}, ${quoteText(call.constants[0]!)}) END`;

/** Returns the list's elements, or one null for a list without elements. */
const elementsOrNull: Emitter = ([list], { call }) => {
  const type = valueType(call.type);
  const name = postgresType(type);
  const raise = raiseInPostgres(errorOf(call), type, `cardinality(${list})`);
  return `CASE WHEN cardinality(${list}) > ${STAGE_LIMITS.explodeElements} THEN ${raise} WHEN cardinality(${list}) > 0 THEN ${list} ELSE CAST(ARRAY[NULL] AS ${name}) END`;
};

const countOrFail: Emitter = ([a], { call, over }) =>
  `count(CASE WHEN ${a} THEN 1 ELSE ${raiseInPostgres(errorOf(call), INT64, `CAST(${a} AS int4)`)} END)${over}`;

export const own = {
  ...OWN,
  'own/texts': (_, { call }) => `CAST(ARRAY[${call.constants.map(quoteText).join(', ')}] AS text[])`,
  'own/list': (values) => `ARRAY[${values.join(', ')}]`,
  'own/elements or null': elementsOrNull,
  'own/split': split,
  'own/count or fail': countOrFail,
  'own/is finite': named('isfinite'),
} satisfies FunctionTable;
