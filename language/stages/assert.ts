/**
 * `assert condition [message 'text']`: the rows as they are, or an error when the condition is not true for one of
 * them; null is not true. The error is raised inside a window over all rows, which the filters and limits of later stages
 * cannot pass: both engines test filters in an order of their own, and a row that a later stage drops must not escape.
 */

import type { Span, WireError } from '../../core/protocol/errors.ts';
import { parseExpression } from '../frontends/forkline/expression-parser.ts';
import type { Expression } from '../frontends/query-tree.ts';
import { resolveCondition } from '../resolve/expression.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { columnValue, keepColumns, ownAggregate, ownCall } from '../select/own-values.ts';
import { BOOL, INT64 } from '../types/rules.ts';
import { collectColumns, type Typed } from '../types/typed.ts';
import { exactIf } from './kit/exactness.ts';
import type { StageDefinition } from './kit/stage.ts';

/** The parsed arguments of the stage. */
export interface Syntax {
  readonly condition: Expression;
  readonly message: string | null;
}

interface Resolved extends ResolvedStage {
  readonly condition: Typed;
  readonly error: WireError;
}

const MAX_SHOWN = 80;

function quoted(text: string, { start, end }: Span): string {
  const condition = text.slice(start, end);
  return condition.length <= MAX_SHOWN ? condition : `${condition.slice(0, MAX_SHOWN - 1)}…`;
}

/** Counts the rows; fails with `error` for a row in which the column is not true. */
function failingCount(column: string, error: WireError): Typed {
  const holds = columnValue({ name: column, type: BOOL });
  return ownAggregate(INT64, [holds], 'own/count or fail', [JSON.stringify(error)]);
}

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'assert',
  aliases: [],
  docs: {
    syntax: "assert condition [message 'text']",
    summary:
      'Lets the rows through, or ends the query with an error when the condition is not true for one of them.',
    notes:
      'Null is not true. All rows are looked at, those too that a later stage drops, unless nothing reads any of them (`where false`, `head 0`); the error is `assertion-failed`.',
    examples: [
      { text: "stats count() as n | assert n > 0 message 'empty day'", summary: 'no answer without rows' },
      { text: 'assert distance > 0', summary: 'the message is the condition' },
    ],
  },
  parse(cursor) {
    if (cursor.atStageEnd())
      cursor.fail('`assert` needs a condition', "write `assert n > 0 message 'no rows'`");
    const condition = parseExpression(cursor);
    const usual = "write `assert n > 0 message 'no rows'`";
    if (cursor.isSymbol(',') || cursor.peek().kind === 'string')
      cursor.refuse('the message stands after `message`', usual);
    if (cursor.acceptWord('message') === null) return { condition, message: null };
    const token = cursor.peek();
    if (token.kind !== 'string') cursor.fail("a text in 'single quotes' is missing after `message`", usual);
    cursor.next();
    return { condition, message: token.text };
  },
  resolve({ condition, message }, input) {
    const typed = resolveCondition(condition, input, 'what follows `assert`');
    const shown = quoted(input.text, condition.span);
    const error: WireError = {
      code: 'assertion-failed',
      message: message === null || message === '' ? `not true for every row: \`${shown}\`` : message,
      span: condition.span,
      stage: input.stage,
      hint: `to see the rows write \`where not coalesce(${shown}, false)\` instead`,
    };
    return { columns: input.columns, condition: typed, error };
  },
  columnsUsed({ condition }, wanted) {
    const used = new Set(wanted);
    collectColumns(condition, used);
    return used;
  },
  emit({ columns, condition, error }, relation) {
    const holds = relation.freeName('holds');
    const checked = relation.freeName('checked');
    const tested = ownCall(BOOL, [condition], 'own/is true');
    const count = failingCount(holds, error);
    // Nobody counts what nobody reads.
    const read = ownCall(BOOL, [columnValue({ name: checked, type: INT64 })], 'own/above zero');
    return relation
      .assign(holds, tested)
      .window([{ name: checked, value: count }], { partition: [], keys: [], rows: 'all' })
      .filter(read)
      .project(keepColumns(columns));
  },
  exactIn: ({ condition, error }, dialect) => exactIf([condition, failingCount('holds', error)], dialect),
  computes: ({ condition }) => [condition],
};
