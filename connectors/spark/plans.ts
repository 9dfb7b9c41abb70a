/** Plans for Spark: the user's SQL where only a query may stand, with its bound values. */
import { QueryError } from '../../core/protocol/errors.ts';
import { isListKind, type ParameterKind } from '../../core/protocol/parameters.ts';
import type { DatabaseColumn } from '../../core/protocol/types.ts';
import { sentSql } from '../../language/dialects/spark/sql.ts';
import { tokenizeSql } from '../../language/dialects/spark/tokens.ts';
import { isJson, isText, sparkTypeOf } from '../../language/dialects/spark/types.ts';
import { withQuestionMarks } from '../kit/question-marks.ts';
import { stalePlan } from '../kit/stale-plan.ts';
import type { Relation } from './protocol.ts';
import type { Asked } from './query-session.ts';

export interface Bound {
  readonly parameters: readonly (string | null)[];
  readonly parameterKinds?: readonly ParameterKind[];
}

const UNBOUND: Bound = { parameters: [] };

/**
 * Returns the plan of a statement that selects `items` of the user's SQL. The SQL begins a line of its own, so that positions in it are those of
 * the statement, one line further up.
 */
export function planOf(sql: string, bound: Bound = UNBOUND, items = '*'): Asked {
  const { text, numbers } = withQuestionMarks(sql, tokenizeSql);
  const before = `SELECT ${items} FROM (\n`;
  const statement = `${before}${withoutEnd(text)}\n)`;
  if (statement.includes('${'))
    throw new QueryError(
      'unsupported',
      'Spark would replace what is in braces behind a dollar in the name of a column',
      {
        hint: 'Give the column another name in the SQL.',
      },
    );
  const relation: Relation = {
    sql: { query: statement, pos_arguments: numbers.map((number) => argument(number, bound)) },
  };
  return { plan: { root: relation }, sql: statement, before: before.length };
}

/** Returns the items of a SELECT that give each column in a form that Arrow's values of it have: as JSON or text where they have none. */
export function sentItems(columns: readonly DatabaseColumn[]): string {
  const needs = columns.some(({ type }) => isJson(sparkTypeOf(type)) || isText(sparkTypeOf(type)));
  return needs ? columns.map(sentSql).join(', ') : '*';
}

/** The semicolon at the end would stand inside of the brackets. */
function withoutEnd(sql: string): string {
  const tokens = tokenizeSql(sql);
  const last = tokens.findLast(({ kind, text }) => kind !== 'punctuation' || text !== ';');
  return last === undefined ? sql : sql.slice(0, last.end);
}

function argument(number: number, { parameters, parameterKinds }: Bound): Relation {
  const text = parameters[number - 1];
  // A statement that is only described has no values yet.
  if (text === undefined && parameters.length === 0) return literal({ null: { string: {} } });
  if (text === undefined) throw stalePlan('the number of parameters');
  const kind = parameterKinds?.[number - 1] ?? 'string';
  if (isListKind(kind))
    throw new QueryError('bad-parameter', 'a list cannot be bound in SQL for Spark', {
      hint: 'Bind each value by itself, or filter in a stage: `| where x in (:list)`.',
      sqlParameter: number,
    });
  return literal(text === null ? { null: { string: {} } } : { string: text });
}

function literal(value: object): Relation {
  return { literal: value };
}
