/**
 * `pivot aggregate [where condition] [as name], ... [splitrow row, ...] splitcol column [in (value [as name], ...)]`, or
 * `... for column [in (...)] [by row, ...]`: one row for each group of `row`, and for each value one column an aggregate,
 * over the rows whose `column` has it. Values that do not stand in the query are asked for before it is planned
 * (language/stages/kit/found-values.ts): the columns of an answer are known before it runs.
 */
import { QueryError, type Span } from '../../core/protocol/errors.ts';
import { stageLimit } from '../../core/protocol/stage-limits.ts';
import type { Cursor } from '../frontends/forkline/cursor.ts';
import { operatorCall } from '../frontends/forkline/expression-nodes.ts';
import { parseExpression, parseOperand } from '../frontends/forkline/expression-parser.ts';
import { parseName } from '../frontends/forkline/names.ts';
import type { Expression } from '../frontends/query-tree.ts';
import { resolveCondition } from '../resolve/expression.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import type { Scope } from '../resolve/scope.ts';
import { keepColumns } from '../select/own-values.ts';
import type { NamedValue } from '../select/relation.ts';
import { freeNames } from '../select/select.ts';
import type { Typed } from '../types/typed.ts';
import {
  columnsOf,
  columnsWith,
  type Item,
  nameOf,
  parseItems,
  resolveAggregate,
  resolveKey,
  withFilter,
} from './kit/aggregate-items.ts';
import { EXACT, exactAll, exactGroups } from './kit/exactness.ts';
import {
  choicesOf,
  countOthers,
  exactShown,
  type FoundValues,
  findValues,
  noValues,
  refuseOthers,
} from './kit/found-values.ts';
import type { StageDefinition } from './kit/stage.ts';

interface Value {
  readonly value: Expression;
  readonly name: string;
  readonly span: Span;
}

/** The parsed arguments of the stage. */
export interface Syntax {
  readonly aggregates: readonly Item[];
  readonly rows: readonly Item[];
  readonly column: Expression;
  /** The values that become columns; null: all that the data has. */
  readonly values: readonly Value[] | null;
}

/** A value of the column: it makes one column for each aggregate. */
interface Choice {
  readonly name: string;
  readonly filter: Typed;
  readonly span: Span;
}

interface Resolved extends ResolvedStage {
  readonly keys: readonly NamedValue[];
  readonly values: readonly NamedValue[];
  /** The values that were found in the data; null when the stage lists its values. */
  readonly found: FoundValues | null;
  readonly dependsOnData: boolean;
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

function parseValues(cursor: Cursor): readonly Value[] | null {
  if (cursor.acceptWord('in') === null) return null;
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
      split = { column, values: parseValues(cursor) };
    } else break;
  }
  if (split === null) return cursor.fail('`pivot` needs `splitcol`: whose values become columns', EXAMPLE);
  return { rows: rows ?? [], ...split };
}

function equals(column: Expression, { value }: Value): Expression {
  if (value.kind === 'null') return operatorCall('is null', [column], value.span);
  return operatorCall('=', [column, value], value.span);
}

function written(values: readonly Value[], column: Expression, scope: Scope): readonly Choice[] {
  return values.map((value) => ({
    name: value.name,
    filter: resolveCondition(equals(column, value), scope, 'what follows `in`'),
    span: value.span,
  }));
}

function resolveCell(item: Item, { name, filter, span }: Choice, scope: Scope, single: boolean): NamedValue {
  const aggregate = resolveAggregate(item, scope);
  const suffix = item.name ?? (single ? null : nameOf(item, scope));
  return {
    name: suffix === null ? name : `${name}_${suffix}`,
    value: withFilter(aggregate.value, filter, span),
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
      'pivot aggregate [where condition] [as name], ... [splitrow row, ...] splitcol column [in (value [as name], ...)]',
    summary:
      'One row for each group of `row`, one column for each value of `column`, or for those listed. `for column by row` is the same. Ends the order of rows.',
    notes:
      'A column is called by its value, or by its `as`; with several aggregates, or one with a name, also by that: `jan_n`. At most 1,000 columns (`pivotColumns`). Rows with other values than those listed count in no column, but make their group. Without `in (...)` the values are found first, by a query of their own, so that the query up to there runs twice; columns stand in the order of the values, null is `null` and the empty text `empty`. A row with a new value that comes between the two is an error (`stale-plan`, after a second attempt), never left out. Such a plan is not kept for the next query.',
    examples: [
      {
        text: "pivot count() splitrow origin splitcol dest in ('LAX', 'ORD')",
        summary: 'a row for each origin, columns `LAX` and `ORD`',
      },
      {
        text: 'pivot count() splitrow dest splitcol origin',
        summary: 'a column for each origin that there is',
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
    refuseTooMany(aggregates.length * (values?.length ?? 1), span);
    const keys = rows.map((item) => resolveKey(item, input));
    const most = Math.floor(stageLimit('pivotColumns').value / aggregates.length);
    const found = values === null ? findValues(column, input, most) : null;
    if (found !== null && found.texts.length + rows.length === 0) throw noValues(column.span);
    const choices = values === null ? choicesOf(found!, column.span) : written(values, column, input);
    const cells = aggregates.flatMap((item) =>
      choices.map((choice) => ({
        cell: resolveCell(item, choice, input, aggregates.length === 1),
        item: { ...item, span: choice.span },
      })),
    );
    const named = cells.map(({ cell }) => cell);
    const items = [...rows, ...cells.map(({ item }) => item)];
    const columns = columnsWith([], [...keys, ...named], items);
    return { columns, keys, values: named, found, dependsOnData: found !== null };
  },
  columnsUsed: ({ keys, values, found }) =>
    columnsOf([...keys, ...values, ...(found === null ? [] : [{ name: '', value: found.value }])]),
  emit({ columns, keys, values, found }, relation) {
    if (found === null) return relation.aggregate(keys, values);
    const names = columns.map(({ name }) => name);
    const [count, total] = freeNames('others', names, 2);
    const counted = relation.aggregate(keys, [...values, { name: count!, value: countOthers(found) }]);
    return refuseOthers(counted, found, count!, total!).project(keepColumns(columns));
  },
  exactIn: ({ keys, values, found }, dialect) =>
    exactAll([found === null ? EXACT : exactShown(found, dialect), exactGroups(keys, values, dialect)]),
  computes: ({ keys, values }) => [...keys, ...values].map(({ value }) => value),
};
