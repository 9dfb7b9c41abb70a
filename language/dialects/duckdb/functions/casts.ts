/** Casts in the stage engine, for each pair of types. */
import type { ColumnType } from '../../../../core/protocol/types.ts';
import { type ExprType, isMoment, STRING, sameType } from '../../../types/rules.ts';
import { valueType } from '../../../types/typed.ts';
import { hasForm, wholeForm } from '../../cast-forms.ts';
import type { Emitter, FunctionTable } from '../../function-table.ts';
import { onceInDuckdb } from '../once.ts';
import { duckdbType, quoteText } from '../sql.ts';
import { textInDuckdb } from '../text.ts';

/** SQL of `value` as another type; with `orNull` a value that does not fit is null. */
function castInDuckdb(value: string, from: ExprType, to: ColumnType, orNull: boolean): string {
  if (to.kind === 'list' && from.kind !== 'null') return castToList(from, to.of, orNull, value);
  const verb = orNull ? 'TRY_CAST' : 'CAST';
  if (from.kind === 'string' && hasForm(to)) return castText(value, to, verb);
  if (to.kind === 'time' && isMoment(from)) return timeOfDay(value, verb);
  if (to.kind === 'string' && from.kind !== 'null') return textInDuckdb(from, value);
  return `${verb}(${value} AS ${duckdbType(to)})`;
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
  const cast = castInDuckdb(element, from, to, orNull);
  return `CAST(list_transform(${list}, lambda ${element}: ${cast}) AS ${duckdbType(to)}[])`;
}

/** Returns how deeply lists are nested: the variables of lambdas that are nested need different names. */
function depthOf(type: ColumnType): number {
  return type.kind === 'list' ? 1 + depthOf(type.of) : 0;
}

/** The engine casts no timestamptz to a time, and fails at infinity, where there is no time of day. */
function timeOfDay(value: string, verb: 'CAST' | 'TRY_CAST'): string {
  const moment = `CAST(${value} AS TIMESTAMP)`;
  return onceInDuckdb([moment], ([at]) => `CASE WHEN isfinite(${at}) THEN ${verb}(${at} AS TIME) END`);
}

function castText(value: string, to: ColumnType, verb: 'CAST' | 'TRY_CAST'): string {
  return onceInDuckdb([value], ([text]) => {
    const checked = `CASE WHEN ${fitsInDuckdb(text!, to)} THEN ${text} ELSE ${text} || chr(1) END`;
    // Read straight as a date it would lose ` BC` silently; as a timestamp that is an error.
    return to.kind === 'date'
      ? `CAST(${verb}(${checked} AS TIMESTAMP) AS DATE)`
      : `${verb}(${checked} AS ${duckdbType(to)})`;
  });
}

function fitsInDuckdb(text: string, to: ColumnType): string {
  const form = `regexp_full_match(${text}, ${quoteText(wholeForm(to))})`;
  if (to.kind !== 'float64') return form;
  // Too big is not infinity, and too small is not 0.
  const value = `TRY_CAST(${text} AS DOUBLE)`;
  return `${form} AND (isfinite(${value}) OR NOT regexp_matches(${text}, '[0-9]')) AND (${value} <> 0 OR NOT regexp_matches(${text}, '^[^eE]*[1-9]'))`;
}

function casting(orNull: boolean): Emitter {
  return ([a], { call }) => castInDuckdb(a!, call.args[0]!.type, valueType(call.type), orNull);
}

export const casts = { cast: casting(false), try_cast: casting(true) } satisfies FunctionTable;
