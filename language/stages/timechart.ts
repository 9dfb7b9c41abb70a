/**
 * `timechart column span=5m aggregate, ... [by expression] [from=t] [to=t] [limit=n] [fill=v]`: one row for each bin of time from
 * the first to the last, gaps filled; with `by` one for each bin and each value. That is the long form (time, value, aggregates):
 * one column a value would depend on the data, and the columns of an answer are known before it runs; `pivot ... in (...)`
 * makes columns of it. Rows without a time (null or infinite) have no bin and are left out.
 */
import { QueryError, type Span, type WireError } from '../../core/protocol/errors.ts';
import { stageLimit } from '../../core/protocol/stage-limits.ts';
import type { SourceDialect } from '../dialects/dialect.ts';
import type { Cursor } from '../frontends/forkline/cursor.ts';
import { parseExpression } from '../frontends/forkline/expression-parser.ts';
import { parseName } from '../frontends/forkline/names.ts';
import type { Expression, WrittenName } from '../frontends/query-tree.ts';
import { coerce, unify } from '../functions/kit/coerce.ts';
import { resolveExpression } from '../resolve/expression.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { getColumn, type Scope } from '../resolve/scope.ts';
import { columnValue, countRows, ownCall } from '../select/own-values.ts';
import type { NamedValue, Relation } from '../select/relation.ts';
import { freeName } from '../select/select.ts';
import type { SortKey } from '../select/window-frame.ts';
import { durationText } from '../types/durations.ts';
import { mayRaise } from '../types/may-raise.ts';
import { BOOL, exprTypeName, INT64 } from '../types/rules.ts';
import { type Typed, type TypedColumn, valueType } from '../types/typed.ts';
import {
  columnsOf,
  columnsWith,
  type Item,
  parseItems,
  resolveAggregate,
  resolveKey,
} from './kit/aggregate-items.ts';
import { exactGroups, exactIf } from './kit/exactness.ts';
import { gapless } from './kit/gapless-bins.ts';
import type { Exactness, StageDefinition } from './kit/stage.ts';
import { resolveBin } from './kit/time-bin.ts';
import { type Bound, resolveBound } from './kit/time-bounds.ts';

/** The parsed arguments of the stage. */
export interface Syntax {
  readonly time: WrittenName;
  readonly span: Expression;
  readonly aggregates: readonly Item[];
  readonly by: Item | null;
  readonly from: Expression | null;
  readonly to: Expression | null;
  readonly limit: number | null;
  readonly fill: Expression | null;
}

interface Resolved extends ResolvedStage {
  /** The column, and the bin that it lies in. */
  readonly time: NamedValue;
  readonly bin: NamedValue;
  /** `5 minute` */
  readonly span: string;
  readonly by: NamedValue | null;
  readonly values: readonly NamedValue[];
  readonly from: Bound | null;
  readonly to: Bound | null;
  readonly limit: number | null;
  /** Each value with its gaps filled, over the columns called as the values are; null: gaps are null. */
  readonly fill: Typed | null;
  /** The error of too many rows, gaps included. */
  readonly tooManyRows: WireError;
}

const EXAMPLE = 'write `timechart date span=1d count() by origin`';

function parseSpan(cursor: Cursor): Expression {
  if (cursor.acceptWord('span') === null) cursor.fail('`span` is missing: how long each bin is', EXAMPLE);
  cursor.expectSymbol('=', 'after `span`');
  const token = cursor.peek();
  const span = { start: token.start, end: token.end };
  if (token.kind === 'duration' && !/^0+[a-z]/.test(token.text)) {
    cursor.next();
    return { kind: 'duration', text: token.text, span, depth: 1 };
  }
  throw new QueryError('wrong-arguments', '`span` is a duration above 0', {
    span,
    hint: 'write `span=5m`; the units are ms s m h d w mon q y, and `m` is minutes',
  });
}

type Options = Pick<Syntax, 'from' | 'to' | 'limit' | 'fill'>;

function parseOptions(cursor: Cursor): Options {
  let options: Options = { from: null, to: null, limit: null, fill: null };
  for (;;) {
    const word = cursor.acceptWord('from', 'to', 'limit', 'fill');
    if (word === null) return options;
    cursor.expectSymbol('=', `after \`${word.text}\``);
    if (word.lower === 'limit') options = { ...options, limit: cursor.expectCount('a number of values') };
    else if (word.lower === 'fill') options = { ...options, fill: parseFill(cursor) };
    else options = { ...options, [word.lower]: parseExpression(cursor) };
  }
}

function parseFill(cursor: Cursor): Expression {
  const fill = parseExpression(cursor);
  if (['number', 'string', 'bool', 'moment', 'duration', 'parameter'].includes(fill.kind)) return fill;
  throw new QueryError('wrong-arguments', '`fill` is a value that is written out, or a parameter', {
    span: fill.span,
    hint: 'write `fill=0`; without `fill` the gaps are null',
  });
}

function parseBy(cursor: Cursor): Item | null {
  if (cursor.acceptWord('by') === null) return null;
  const items = parseItems(cursor, false);
  const second = items[1];
  if (second === undefined) return items[0]!;
  throw new QueryError('wrong-arguments', '`timechart` splits by one value', {
    span: second.span,
    hint: "join them: `by origin || '-' || dest as route`",
  });
}

/** The values' types have room for `fill`. */
function withRoom(values: readonly NamedValue[], fill: Typed | null): readonly NamedValue[] {
  if (fill === null) return values;
  return values.map(({ name, value }) => {
    const { type } = unify([value, fill], () => {
      throw new QueryError(
        'wrong-type',
        `\`fill\` is ${exprTypeName(fill.type)}, but \`${name}\` is ${exprTypeName(value.type)}`,
        {
          span: fill.span,
          hint: 'leave `fill` out and write `eval` with `coalesce` after it',
        },
      );
    });
    return { name, value: coerce(value, type) };
  });
}

function tooMany(span: Span, { stage }: Scope): WireError {
  return {
    code: 'result-too-large',
    message: '`timechart` would make too many rows, gaps included',
    span,
    stage,
    hint: 'ask for a longer span or less time',
    limit: stageLimit('timechartRows'),
  };
}

/** Says that no row without a time can make a value fail, so that such rows may be left out when they are groups, which are few. */
function groupsFirst({ by, values }: Resolved): boolean {
  return [...(by === null ? [] : [by]), ...values].every(({ value }) => !mayRaise(value));
}

/** The conditions that rows between the bounds meet. */
function conditionsOf({ from, to }: Pick<Resolved, 'from' | 'to'>): readonly Typed[] {
  return [from, to].flatMap((bound) => (bound === null ? [] : [bound.condition]));
}

function emit(resolved: Resolved, whole: Relation): Relation {
  const relation = conditionsOf(resolved).reduce((rows, condition) => rows.filter(condition), whole);
  return emitBins(resolved, relation);
}

function emitBins(resolved: Resolved, relation: Relation): Relation {
  const { time, bin, by, values, fill, columns, from, to } = resolved;
  const names = columns.map((column) => column.name);
  const size = freeName('size', names);
  const late = groupsFirst(resolved);
  const rows = late ? relation : relation.filter(ownCall(BOOL, [time.value], 'own/is finite'));
  const binned = rows.aggregate(
    [bin, ...(by === null ? [] : [by])],
    [...values, { name: size, value: countRows() }],
  );
  const keys = names.slice(0, by === null ? 1 : 2);
  const byColumn = by === null ? null : { name: by.name, type: valueType(by.value.type) };
  const whole = binned.through(
    [...columns, { name: size, type: INT64 }],
    keys.map((column): SortKey => ({ column, descending: false, nullsFirst: false })),
    (rows, _, constant) =>
      gapless(
        relation.dialect,
        { rows, time: bin.name, by: byColumn, values: values.map(({ name }) => name), size },
        {
          ...resolved,
          type: valueType(bin.value.type),
          onlyFinite: !late,
          first: from === null ? null : constant(from.bin),
          last: to === null ? null : { bin: constant(to.bin), before: constant(to.value) },
        },
      ),
  );
  const answer =
    fill === null ? whole : values.reduce((sofar, value) => filled(sofar, value, size, fill), whole);
  return answer.project(names.map((name) => ({ name, as: name })));
}

/** `fill` where there were no rows; a value that is null for other reasons stays null. */
function filled(relation: Relation, { name, value }: NamedValue, size: string, fill: Typed): Relation {
  const own = columnValue({ name, type: valueType(value.type) });
  const args = [columnValue({ name: size, type: INT64 }), coerce(fill, value.type), own];
  const whole = ownCall(value.type, args, 'own/no rows');
  return relation.assign(name, whole);
}

/** The values that `fill` puts into gaps, which have the types of what they stand for. */
function fillings({ values, fill }: Resolved): readonly Typed[] {
  return fill === null ? [] : values.map(({ value }) => coerce(fill, value.type));
}

function exactIn(resolved: Resolved, dialect: SourceDialect): Exactness {
  const { time, bin, by, values } = resolved;
  const { bins, title } = dialect;
  if (bins === null) return { exact: false, why: `${title} has no series of moments to fill gaps with` };
  if (by !== null && by.value.type.kind === 'list')
    return { exact: false, why: `\`${by.name}\` is a list, and ${title} orders lists otherwise` };
  const finite = ownCall(BOOL, [time.value], 'own/is finite');
  const groups = exactGroups(by === null ? [bin] : [bin, by], values, dialect);
  // The bins of bounds are as exact as those of the column; they are asked for once, whether there are rows or not.
  const conditions = [finite, ...conditionsOf(resolved), ...fillings(resolved)];
  return groups.exact ? exactIf(conditions, dialect) : groups;
}

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'timechart',
  aliases: [],
  docs: {
    syntax:
      'timechart column span=duration aggregate [where condition] [as name], ... [by expression [as name]] [from=moment] [to=moment] [limit=n] [fill=v]',
    summary:
      'One row for each bin of time, from the first to the last, gaps filled with null or `fill`; with `by` one for each bin and value, `limit` keeps the values with the most rows. Ordered by time, then by value.',
    notes:
      "Bins are those of `bin(column, span)`: in UTC, weeks from Monday, months and longer of the calendar. With `by` the answer is in long form: time, value, aggregates. One column for each value would need to know the data before the query runs; `| pivot sum(n) for c in ('a', 'b') by time` makes such columns of values that are listed. `limit` leaves the other values out. `fill` stands where a bin has no rows, not where an aggregate is null. Rows whose time is null or infinite are left out. With `from` and `to`, which are values without columns such as `'2001-01-01'`, `:start` or `now() - 1d`, rows before `from` and from `to` on are left out, and there is a bin for all of that time, with rows or without: from the bin that `from` lies in to the last one that begins before `to`. An infinite one is as if it were left out. At most 1,000,000 rows, gaps included (`timechartRows`).",
    examples: [
      {
        text: 'timechart date span=1w count() as flights fill=0',
        summary: 'a row for each week, empty ones too',
      },
      {
        text: 'timechart date span=1mon sum(price) as price by origin limit=2',
        summary: 'a row for each month and each of the two busiest origins',
      },
      {
        text: "timechart date span=1mon count() as flights from='2001-02-01' to='2001-05-01' fill=0",
        summary: 'three months, whatever months have rows',
      },
    ],
  },
  parse(cursor) {
    if (cursor.isWord('span') && cursor.peek(1).text === '=')
      cursor.refuse('the column of time comes first: there is no `_time` here', EXAMPLE);
    if (cursor.atStageEnd()) cursor.fail('`timechart` needs a column of time', EXAMPLE);
    const time = parseName(cursor, 'the column of time');
    const span = parseSpan(cursor);
    if (cursor.isWord('by', 'from', 'to', 'limit', 'fill') || cursor.atStageEnd())
      cursor.fail('`timechart` needs an aggregate', EXAMPLE);
    const aggregates = parseItems(cursor, true);
    const by = parseBy(cursor);
    return { time, span, aggregates, by, ...parseOptions(cursor) };
  },
  resolve(syntax, input) {
    const { name, type } = getColumn(input, syntax.time);
    const column: TypedColumn = { kind: 'column', name, type, span: syntax.time.span };
    const bin = { name, value: resolveBin(column, syntax.span, input) };
    const by = syntax.by === null ? null : resolveKey(syntax.by, input);
    if (by === null && syntax.limit !== null)
      throw new QueryError('wrong-arguments', '`limit` is for the values of `by`', {
        span: syntax.span.span,
        hint: 'to keep rows, add `| head 10`',
      });
    const fill = syntax.fill === null ? null : resolveExpression(syntax.fill, input);
    const bounds = { column, bin: bin.value, scope: input };
    const from = syntax.from === null ? null : resolveBound('from', syntax.from, bounds);
    const to = syntax.to === null ? null : resolveBound('to', syntax.to, bounds);
    const own = syntax.aggregates.map((item) => resolveAggregate(item, input));
    const values = withRoom(own, fill);
    const timeItem = { value: syntax.span, where: null, name, span: syntax.time.span };
    const items = [timeItem, ...(syntax.by === null ? [] : [syntax.by]), ...syntax.aggregates];
    const columns = columnsWith([], [bin, ...(by === null ? [] : [by]), ...values], items);
    const span = durationText(syntax.span.kind === 'duration' ? syntax.span.text : '')!;
    return {
      columns,
      time: { name, value: column },
      bin,
      span,
      by,
      values,
      from,
      to,
      limit: syntax.limit,
      fill,
      tooManyRows: tooMany(syntax.span.span, input),
    };
  },
  columnsUsed: ({ time, by, values }) => columnsOf([time, ...(by === null ? [] : [by]), ...values]),
  emit,
  exactIn,
  computes: (resolved) => {
    const { bin, by, values } = resolved;
    const computed = [bin, ...(by === null ? [] : [by]), ...values].map(({ value }) => value);
    return [...conditionsOf(resolved), ...computed, ...fillings(resolved)];
  },
};
