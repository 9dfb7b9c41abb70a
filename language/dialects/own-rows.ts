/** Rows for what stages compute themselves with lists, and where they fail, in a dialect that has lists and a way to fail. */
import type { WireError } from '../../core/protocol/errors.ts';
import { STAGE_LIMITS } from '../../core/protocol/stage-limits.ts';
import { INT64 } from '../types/rules.ts';
import { type TypedCall, valueType } from '../types/typed.ts';
import type { Dialect, ListSql } from './dialect.ts';
import type { Emitter, FunctionTable } from './function-table.ts';

/** The error that stands first among the constants of a call. */
export function errorOf({ constants }: TypedCall): WireError {
  return JSON.parse(constants[0]!) as WireError; // the compiler's own text
}

export function ownRows(lists: ListSql, raise: NonNullable<Dialect['raise']>) {
  /** One null for none of them. */
  const elementsOrNull: Emitter = ([list], { call }) => {
    const length = lists.length(list!);
    const type = valueType(call.type);
    const raised = raise(errorOf(call), type, length);
    return `CASE WHEN ${length} > ${STAGE_LIMITS.explodeElements} THEN ${raised} WHEN ${length} > 0 THEN ${list} ELSE ${lists.ofNull(type)} END`;
  };
  const countOrFail: Emitter = ([a], { call, over }) =>
    `count(CASE WHEN ${a} THEN 1 ELSE ${raise(errorOf(call), INT64, `CAST(${a} AS int4)`)} END)${over}`;
  return {
    'own/texts': (_, { call }) => lists.ofTexts(call.constants),
    'own/list': (values) => lists.of(values),
    'own/split': ([text], { call }) => lists.split(text!, call.constants[0]!),
    'own/elements or null': elementsOrNull,
    'own/count or fail': countOrFail,
  } satisfies FunctionTable;
}
