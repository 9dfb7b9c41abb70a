/**
 * The SQL of casts, for each pair of types, so that both dialects take the same texts and give the same values.
 *
 * Each engine reads more texts than the other somewhere: DuckDB '1e3' as an integer and '2020/1/2' as a date,
 * PostgreSQL 'on' as a bool and 'tomorrow' as a date, both '0x1F' since PostgreSQL 16. So what a text may look like is said
 * here; any other is marked, so that it fails in either as nonsense would. The mark is taken off where errors are worded.
 *
 * Not exact in PostgreSQL: `try_cast` of what may fail (there is none); float64 to string (1e23 is `1e+23` in one,
 * `9.999999999999999e+22` in the other); float64 to decimal (1.005 with two digits is 1.00 in one, by its bits, and 1.01
 * in the other, by its text); intervals and json from text. Decimals are read without exponents: DuckDB makes 0.01 of
 * '5e-7'.
 */
import type { ColumnType } from '../../../core/protocol/types.ts';
import { onceInDuckdb, onceInPostgres } from '../../dialects/bind-once.ts';
import { duckdbType, quoteText } from '../../dialects/duckdb/sql.ts';
import { textInDuckdb } from '../../dialects/duckdb/text.ts';
import { postgresType } from '../../dialects/postgres/sql.ts';
import { type ExprType, isMoment, isUnsized, STRING, sameType } from '../../types/rules.ts';
import type { Emitter, Emitters } from '../../types/typed.ts';

const NUMBER = '[-+]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][-+]?[0-9]{1,3})?';
const YEAR = '([0-9]{3}[1-9]|[0-9]{2}[1-9][0-9]|[0-9][1-9][0-9]{2}|[1-9][0-9]{3})';
const DAY = `${YEAR}-[0-9]{1,2}-[0-9]{1,2}`;
const CLOCK = '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,})?)?';
const ZONE = '(Z|[-+](0[0-9]|1[0-4])(:?[0-5][0-9])?)?';
const TIMESTAMP_TEXT = `-?infinity|${DAY}([ T]${CLOCK}${ZONE})?`;

/** What a text must look like as a whole, but for blanks around it; for types without an entry both engines agree. */
const FORMS: Partial<Record<ColumnType['kind'], string>> = {
  int64: '[-+]?[0-9]+',
  float64: `${NUMBER}|[Nn]a[Nn]|-?[Ii]nf(inity)?`,
  decimal: '[-+]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)',
  bool: '(?i:true|false|t|f|yes|no|y|n|1|0)',
  date: TIMESTAMP_TEXT,
  timestamp: TIMESTAMP_TEXT,
  timestamptz: TIMESTAMP_TEXT,
  time: CLOCK,
  uuid: '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}',
};

/** Digits of a second after the sixth are cut off; PostgreSQL alone would round. */
const CUT_FRACTION = "'(\\.[0-9]{6})[0-9]+', '\\1'";

export function castEmitters(from: ExprType, to: ColumnType, orNull: boolean): Emitters {
  const duckdb = duckdbCast(from, to, orNull);
  const postgres = orNull && mayFail(from, to) ? null : postgresCast(from, to);
  return postgres === null ? { duckdb } : { duckdb, postgres };
}

function duckdbCast(from: ExprType, to: ColumnType, orNull: boolean): Emitter {
  if (to.kind === 'list' && from.kind !== 'null') return ([a]) => castToList(from, to.of, orNull, a!);
  const verb = orNull ? 'TRY_CAST' : 'CAST';
  const cast = (value: string, type = duckdbType(to)): string => `${verb}(${value} AS ${type})`;
  if (from.kind === 'string' && FORMS[to.kind] !== undefined)
    return ([a]) => castText(a!, to, (text) => cast(text), verb);
  if (to.kind === 'time' && isMoment(from)) return ([a]) => timeOfDay(a!, verb);
  if (to.kind === 'string' && from.kind !== 'null') return ([a]) => textInDuckdb(from, a!);
  return ([a]) => cast(a!);
}

/** Element by element; with `orNull` an element that does not fit is null. */
function castToList(from: ExprType, of: ColumnType, orNull: boolean, value: string): string {
  if (from.kind === 'list') return eachElement(value, from.of, of, orNull);
  return onceInDuckdb([value], ([json]) => {
    const elements =
      of.kind === 'json'
        ? `CAST(from_json(${json}, '["JSON"]') AS VARCHAR[])`
        : `from_json(${json}, '["VARCHAR"]')`;
    const list = eachElement(elements, of.kind === 'list' || of.kind === 'json' ? from : STRING, of, orNull);
    const failed = `error('json that is cast to a list must be an array, and this is of type ' || lower(json_type(${json})))`;
    return `CASE json_type(${json}) WHEN 'ARRAY' THEN ${list} WHEN 'NULL' THEN NULL ELSE ${orNull ? 'NULL' : failed} END`;
  });
}

function eachElement(list: string, from: ExprType, to: ColumnType, orNull: boolean): string {
  if (sameType(from, to)) return list;
  const element = `e${depthOf(to)}`;
  const cast = duckdbCast(from, to, orNull)([element], NOTHING);
  return `CAST(list_transform(${list}, lambda ${element}: ${cast}) AS ${duckdbType(to)}[])`;
}

/** How many lists are in each other: variables of lambdas in each other need different names. */
function depthOf(type: ColumnType): number {
  return type.kind === 'list' ? 1 + depthOf(type.of) : 0;
}

/** The engine casts no timestamptz to a time, and fails at infinity, where there is no time of day. */
function timeOfDay(value: string, verb: 'CAST' | 'TRY_CAST'): string {
  const moment = `CAST(${value} AS TIMESTAMP)`;
  return onceInDuckdb([moment], ([at]) => `CASE WHEN isfinite(${at}) THEN ${verb}(${at} AS TIME) END`);
}

function castText(
  value: string,
  to: ColumnType,
  cast: (text: string) => string,
  verb: 'CAST' | 'TRY_CAST',
): string {
  return onceInDuckdb([value], ([text]) => {
    const checked = `CASE WHEN ${fitsInDuckdb(text!, to)} THEN ${text} ELSE ${text} || chr(1) END`;
    // Read straight as a date it would lose ` BC` silently; as a timestamp that is an error.
    return to.kind === 'date' ? `CAST(${verb}(${checked} AS TIMESTAMP) AS DATE)` : cast(checked);
  });
}

function fitsInDuckdb(text: string, to: ColumnType): string {
  const form = `regexp_full_match(${text}, ${quoteText(whole(to))})`;
  if (to.kind !== 'float64') return form;
  // Too big is not infinity, and too small is not 0.
  const value = `TRY_CAST(${text} AS DOUBLE)`;
  return `${form} AND (isfinite(${value}) OR NOT regexp_matches(${text}, '[0-9]')) AND (${value} <> 0 OR NOT regexp_matches(${text}, '^[^eE]*[1-9]'))`;
}

function whole(to: ColumnType): string {
  const blanks = to.kind === 'bool' ? '' : '[ \\t\\n\\v\\f\\r]*';
  return `^${blanks}(${FORMS[to.kind]!})${blanks}$`;
}

function postgresCast(from: ExprType, to: ColumnType): Emitter | null {
  const cast = castingTo(postgresType(to));
  if (from.kind === 'null' || (from.kind === to.kind && from.kind !== 'list')) return cast;
  if (from.kind === 'list' || to.kind === 'list') return null;
  if (from.kind === 'string') return postgresTextCast(to);
  if (to.kind === 'string') return postgresToText(from);
  if (to.kind === 'bool') return ([a]) => `(${a} <> 0)`;
  if (from.kind === 'bool') return ([a]) => cast([`CAST(${a} AS int4)`], NOTHING);
  if (from.kind === 'float64' && to.kind === 'decimal') return null;
  return cast;
}

const NOTHING = { order: '', filter: '', over: '', condition: null };

function castingTo(type: string): Emitter {
  return ([a]) => `CAST(${a} AS ${type})`;
}

function postgresTextCast(to: ColumnType): Emitter | null {
  if (FORMS[to.kind] === undefined) return null;
  const moment = isMoment(to) || to.kind === 'time';
  return ([a]) => {
    const cut = moment ? `regexp_replace(${a}, ${CUT_FRACTION})` : a!;
    return onceInPostgres([cut], ([text]) => {
      const form = quoteText(
        whole(to)
          .replace('(?i:', '(')
          .replace('^', to.kind === 'bool' ? '(?i)^' : '^'),
      );
      const checked = `CASE WHEN ${text} COLLATE "C" ~ ${form} THEN ${text} ELSE ${text} || chr(1) END`;
      return to.kind === 'date'
        ? `CAST(CAST(${checked} AS timestamp) AS date)`
        : `CAST(${checked} AS ${postgresType(to)})`;
    });
  };
}

function postgresToText(from: ExprType): Emitter | null {
  if (from.kind === 'float64') return null;
  return isUnsized(from) ? ([a]) => `CAST(trim_scale(${a}) AS text)` : castingTo('text');
}

/** Casts that have a value for every value. */
const TOTAL: Partial<Record<ExprType['kind'], readonly ColumnType['kind'][]>> = {
  int64: ['float64', 'bool'],
  float64: ['bool'],
  decimal: ['float64', 'bool'],
  bool: ['int64', 'float64'],
  date: ['timestamp', 'timestamptz'],
};

function mayFail(from: ExprType, to: ColumnType): boolean {
  if (to.kind === 'string' || from.kind === 'null') return false;
  if (from.kind === to.kind) return from.kind === 'decimal';
  return TOTAL[from.kind]?.includes(to.kind) !== true;
}
