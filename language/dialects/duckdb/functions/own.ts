/** The stage engine's SQL of the functions that only stages call, no user. */
import type { WireError } from '../../../../core/protocol/errors.ts';
import { STAGE_LIMITS } from '../../../../core/protocol/stage-limits.ts';
import { stepsWritten } from '../../../types/json-path.ts';
import type { ExprType } from '../../../types/rules.ts';
import type { TypedCall } from '../../../types/typed.ts';
import type { Emitter, FunctionTable } from '../../function-table.ts';
import { named, OWN } from '../../standard-sql.ts';
import { meanOfFloats } from '../../standard-sums.ts';
import { extraction } from '../json-path.ts';
import { valueOfKey } from '../kv-pairs.ts';
import { raiseError, raiseErrorAbout } from '../raise.ts';
import { quoteText } from '../sql.ts';
import { textInDuckdb } from '../text.ts';

/** SQL that raises the error that stands first among the constants. */
function raised({ constants }: TypedCall): string {
  return raiseError(JSON.parse(constants[0]!) as WireError); // the compiler's own text
}

/**
 * A value's SQL, as the text that stages show. A zero has no sign in it: 0 and -0 are the same value, and which of the two
 * stands for a group, or is its least, follows from the order of its rows.
 */
function shown(sql: string, type: ExprType): string {
  return textInDuckdb(type, type.kind === 'float64' ? `(${sql} + 0.0e0)` : sql);
}

/** Returns the list's elements, or one null for a list without elements. */
const elementsOrNull: Emitter = ([list], { call }) =>
  `CASE WHEN len(${list}) > ${STAGE_LIMITS.explodeElements} THEN ${raised(call)} WHEN len(${list}) > 0 THEN ${list} ELSE [NULL] END`;

/** The least key, as text, of the rows that find more than one; null: there is none. */
const keyFoundTwice: Emitter = ([count, ...keys], { call, over }) => {
  const texts = keys.map(
    (key, at) => `left(${textInDuckdb(call.args[at + 1]!.type, key)}, ${call.constants[0]})`,
  );
  return `min(CASE WHEN ${count} > 1 THEN concat(${texts.join(`, ', ', `)}) END)${over}`;
};

/** True where no key was found twice. */
const refuseKey: Emitter = ([twice], { call }) => {
  const [error, before] = call.constants;
  const message = `concat(${quoteText(before!)}, ${twice})`;
  const raise = raiseErrorAbout(JSON.parse(error!) as WireError, message); // the compiler's own text
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

export const own = {
  ...OWN,
  'own/mean of floats': meanOfFloats,
  'own/texts': (_, { call }) => `[${call.constants.map(quoteText).join(', ')}]`,
  'own/list': (values) => `[${values.join(', ')}]`,
  'own/elements or null': elementsOrNull,
  'own/split': ([a], { call }) => `string_split(${a}, ${quoteText(call.constants[0]!)})`,
  'own/count or fail': ([a], { call, over }) =>
    `count(CASE WHEN ${a} THEN 1 ELSE ${raised(call)} END)${over}`,
  'own/shown': ([a], { call }) => shown(a!, call.args[0]!.type),
  'own/regex group': ([a], { call: { constants } }) =>
    `regexp_extract_all(${a}, ${quoteText(constants[0]!)}, ${constants[1]})[1]`,
  'own/json text': ([a], { call }) =>
    extraction(
      'json_extract_string',
      `CASE WHEN json_valid(${a}) THEN ${a} END`,
      stepsWritten(call.constants),
    ),
  'own/value of key': ([a], { call }) => valueOfKey(a!, call.constants[0]!),
  'own/last before': ([a], { over }) => `last_value(${a} IGNORE NULLS)${over}`,
  'own/is finite': named('isfinite'),
  'own/chance': () => '(random() * 18446744073709551616.0::DOUBLE)',
  'own/seeded chance': ([a], { call }) =>
    `CAST(md5_number_lower(concat('${call.constants[0]}:', ${a})) AS HUGEINT)`,
  'own/below': ([a], { call }) => `(${a} < ${call.constants[0]}::HUGEINT)`,
  'own/key found twice': keyFoundTwice,
  'own/refuse key': refuseKey,
  'own/count others': countOthers,
  'own/refuse others': ([a], { call }) => `CASE WHEN ${a} = 0 THEN true ELSE ${raised(call)} END`,
} satisfies FunctionTable;
