/**
 * `pivot aggregate [where condition] [as name], ... [splitrow row, ...] splitcol column in (value [as name], ...)`, or
 * `... for column in (...) [by row, ...]`: one row for each group of `row`, and for each value of the list one column an
 * aggregate, over the rows whose `column` has it. Which values there are must stand in the query: the columns of an
 * answer are known before it runs.
 */

import { QueryError, type Span } from '../../workers/errors.ts';
import {
  columnsOf,
  columnsWith,
  type Item,
  nameOf,
  parseItems,
  resolveAggregate,
  resolveKey,
  withFilter,
} from '../aggregate-items.ts';
import type { CallNode, Expression } from '../ast.ts';
import type { Cursor } from '../cursor.ts';
import { exactGroups } from '../exactness.ts';
import { parseExpression, parseOperand } from '../expression-parser.ts';
import { parseName } from '../names.ts';
import type { NamedValue } from '../relation.ts';
import { resolveCondition } from '../resolve-expression.ts';
import type { Scope } from '../scope.ts';
import type { ResolvedStage, StageDefinition } from '../stage.ts';
import { stageLimit } from '../stage-limits.ts';

interface Value {
  readonly value: Expression;
  readonly name: string;
  readonly span: Span;
}

interface Syntax {
  readonly aggregates: readonly Item[];
  readonly rows: readonly Item[];
  readonly column: Expression;
  readonly values: readonly Value[];
}

interface Resolved extends ResolvedStage {
  readonly keys: readonly NamedValue[];
  readonly values: readonly NamedValue[];
}

const EXAMPLE = "write `pivot sum(v) splitrow host splitcol month in ('jan', 'feb')`";
const CONSTANTS: ReadonlySet<Expression['kind']> = new Set(['string', 'number', 'bool', 'null', 'moment']);

function parseValue(cursor: Cursor): Value {
  const start = cursor.peek().start;
  const value = parseExpression(cursor);
  if (!CONSTANTS.has(value.kind))
    throw new QueryError('wrong-arguments', 'the list of `in` has values that are written out', {
      span: value.span,
      hint: "they become the names of columns: `in ('jan', 'feb')`, `in (1 as one, 2 as two)`",
    });
  const name =
    cursor.acceptWord('as') === null ? valueName(value, cursor.text) : parseName(cursor, 'a name').name;
  return { value, name, span: cursor.spanFrom(start) };
}

/** The text of a string or moment, else as written. */
function valueName(value: Expression, text: string): string {
  if (value.kind === 'string' || value.kind === 'moment') {
    if (value.text !== '') return value.text;
    throw new QueryError('wrong-arguments', 'a column cannot be called by an empty text', {
      span: value.span,
      hint: "name it: `in ('' as nothing)`",
    });
  }
  return text.slice(value.span.start, value.span.end).toLowerCase();
}

function parseValues(cursor: Cursor, column: Expression): readonly Value[] {
  if (cursor.acceptWord('in') === null)
    throw new QueryError('unsupported', 'which columns `pivot` makes must stand in the query', {
      span: column.span,
      hint: `list the values: \`${cursor.text.slice(column.span.start, column.span.end)} in ('a', 'b')\`; for one row a value instead, group by both with \`stats\``,
    });
  cursor.expectSymbol('(', 'after `in`');
  if (cursor.isSymbol(')')) cursor.refuse('the list of `in` is empty', 'give at least one value');
  const values: Value[] = [];
  do values.push(parseValue(cursor));
  while (cursor.acceptSymbol(',') !== null);
  cursor.expectSymbol(')', 'after the list of `in`');
  return values;
}

/** A column or `f(x)`: an operand, so that the `in` after it is ours. */
function parseColumn(cursor: Cursor, after: string): Expression {
  if (cursor.atStageEnd()) cursor.fail(`a column is missing after \`${after}\``, EXAMPLE);
  return parseOperand(cursor);
}

/** `splitrow r splitcol c in (...)` in either order, or `for c in (...) by r`. */
function parseSplits(cursor: Cursor): Omit<Syntax, 'aggregates'> {
  let rows: readonly Item[] | null = null;
  let split: Pick<Syntax, 'column' | 'values'> | null = null;
  for (;;) {
    const word = cursor.peek();
    if (rows === null && cursor.acceptWord('splitrow', 'by') !== null) rows = parseItems(cursor, false);
    else if (split === null && cursor.acceptWord('splitcol', 'for') !== null) {
      const column = parseColumn(cursor, word.lower);
      split = { column, values: parseValues(cursor, column) };
    } else break;
  }
  if (split === null) return cursor.fail('`pivot` needs `splitcol`: whose values become columns', EXAMPLE);
  return { rows: rows ?? [], ...split };
}

function equals(column: Expression, { value, span }: Value): CallNode {
  const isNull = value.kind === 'null';
  return {
    kind: 'call',
    name: isNull ? 'is null' : '=',
    nameSpan: span,
    args: isNull ? [column] : [column, value],
    operator: true,
    span: value.span,
    depth: 1 + Math.max(column.depth, value.depth),
  };
}

function resolveCell(
  item: Item,
  column: Expression,
  value: Value,
  scope: Scope,
  single: boolean,
): NamedValue {
  const aggregate = resolveAggregate(item, scope);
  const filter = resolveCondition(equals(column, value), scope, 'what follows `in`');
  const suffix = item.name ?? (single ? null : nameOf(item, scope));
  return {
    name: suffix === null ? value.name : `${value.name}_${suffix}`,
    value: withFilter(aggregate.value, filter, value.span),
  };
}

function refuseTooMany(count: number, span: Span): void {
  const limit = stageLimit('pivotColumns');
  if (count <= limit.value) return;
  throw new QueryError('result-too-large', `\`pivot\` makes at most ${limit.value} columns, not ${count}`, {
    span,
    hint: 'list fewer values, or group by both columns with `stats`',
    limit: { ...limit, observed: count },
  });
}

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'pivot',
  aliases: [],
  docs: {
    syntax:
      'pivot aggregate [where condition] [as name], ... [splitrow row, ...] splitcol column in (value [as name], ...)',
    summary:
      'One row for each group of `row`, one column for each value of `column`. `for column in (...) by row` is the same. Ends the order of rows.',
    examples: [
      {
        text: "pivot count() splitrow origin splitcol dest in ('LAX', 'ORD')",
        summary: 'a row for each origin, columns `LAX` and `ORD`',
      },
      {
        text: 'pivot sum(price) as price, count() as n for month(date) in (1 as jan, 2 as feb) by origin',
        summary: 'columns `jan_price`, `feb_price`, `jan_n` and `feb_n`',
      },
    ],
  },
  parse(cursor) {
    if (cursor.isWord('splitrow', 'splitcol', 'for', 'by') || cursor.atStageEnd())
      cursor.fail('`pivot` needs an aggregate', EXAMPLE);
    return { aggregates: parseItems(cursor, true), ...parseSplits(cursor) };
  },
  resolve({ aggregates, rows, column, values }, input, span) {
    refuseTooMany(aggregates.length * values.length, span);
    const keys = rows.map((item) => resolveKey(item, input));
    const cells = aggregates.flatMap((item) =>
      values.map((value) => ({
        cell: resolveCell(item, column, value, input, aggregates.length === 1),
        item: { ...item, span: value.span },
      })),
    );
    const named = cells.map(({ cell }) => cell);
    const items = [...rows, ...cells.map(({ item }) => item)];
    return { columns: columnsWith([], [...keys, ...named], items), keys, values: named };
  },
  columnsUsed: ({ keys, values }) => columnsOf([...keys, ...values]),
  emit: ({ keys, values }, relation) => relation.aggregate(keys, values),
  exactInPostgres: ({ keys, values }) => exactGroups(keys, values),
  computes: ({ keys, values }) => [...keys, ...values].map(({ value }) => value),
};
