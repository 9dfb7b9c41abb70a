/** PostgreSQL's SQL of the functions that only stages call, no user, and that PostgreSQL computes exactly. */
import type { WireError } from '../../../../core/protocol/errors.ts';
import { STAGE_LIMITS } from '../../../../core/protocol/stage-limits.ts';
import { BOOL, INT64 } from '../../../types/rules.ts';
import { type TypedCall, valueType } from '../../../types/typed.ts';
import type { Emitter, FunctionTable, Row } from '../../function-table.ts';
import { named, OWN } from '../../standard-sql.ts';
import { meanOfFloats } from '../../standard-sums.ts';
import { raiseAboutInPostgres, raiseInPostgres } from '../raise.ts';
import { postgresType, quoteText } from '../sql.ts';
import { isShownAlike, shownInPostgres } from '../text.ts';

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

/** The value as a text. */
const shown: Row = {
  emit: ([a], { call }) => shownInPostgres(a!, call.args[0]!.type),
  exact: ({ args }) => args.every(({ type }) => isShownAlike(type)),
};

/** The least key, as text, of the rows that find more than one; null: there is none. */
const keyFoundTwice: Row = {
  emit([count, ...keys], { call, over }) {
    const texts = keys.map(
      (key, at) => `left(${shownInPostgres(key, call.args[at + 1]!.type)}, ${call.constants[0]})`,
    );
    const key = `CASE WHEN ${count} > 1 THEN concat(${texts.join(`, ', ', `)}) END`;
    return `min((${key}) COLLATE "C")${over}`;
  },
  exact: ({ args }) => args.every(({ type }) => isShownAlike(type)),
};

/** True where no key was found twice. */
const refuseKey: Emitter = ([twice], { call }) => {
  const [error, before] = call.constants;
  const message = `concat(${quoteText(before!)}, ${twice})`;
  const raise = raiseAboutInPostgres(JSON.parse(error!) as WireError, message); // the compiler's own text
  return `CASE WHEN ${twice} IS NULL THEN true ELSE ${raise} END`;
};

/** Counts the rows that have a text which is not among the known texts. */
const countOthers: Emitter = ([text], { call }) => {
  const texts = JSON.parse(call.constants[0]!) as readonly (string | null)[]; // the compiler's own text
  const known = texts.filter((value) => value !== null).map(quoteText);
  const isKnown = known.length === 0 ? 'false' : `coalesce(${text} IN (${known.join(', ')}), false)`;
  const isNull = texts.includes(null) ? ` OR ${text} IS NULL` : '';
  return `count(*) FILTER (WHERE NOT (${isKnown}${isNull}))`;
};

const refuseOthers: Emitter = ([a], { call }) =>
  `CASE WHEN ${a} = 0 THEN true ELSE ${raiseInPostgres(errorOf(call), BOOL, a!)} END`;

export const own = {
  ...OWN,
  'own/mean of floats': meanOfFloats,
  'own/texts': (_, { call }) => `CAST(ARRAY[${call.constants.map(quoteText).join(', ')}] AS text[])`,
  'own/list': (values) => `ARRAY[${values.join(', ')}]`,
  'own/elements or null': elementsOrNull,
  'own/split': split,
  'own/count or fail': countOrFail,
  'own/is finite': named('isfinite'),
  'own/shown': shown,
  'own/key found twice': keyFoundTwice,
  'own/refuse key': refuseKey,
  'own/count others': countOthers,
  'own/refuse others': refuseOthers,
} satisfies FunctionTable;
