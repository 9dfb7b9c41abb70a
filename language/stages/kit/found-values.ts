/**
 * The values of a column that were asked for before the query is planned, for `pivot` without a list of them. Between
 * that and the query's own run others may come: the query then fails with `stale-plan`, and the server plans once more;
 * no row is ever left out. Values are compared as text, which is also what the new columns are called by.
 */

import { QueryError, type Span, type WireError } from '../../../core/protocol/errors.ts';
import { stageLimit } from '../../../core/protocol/stage-limits.ts';
import type { SourceDialect } from '../../dialects/dialect.ts';
import type { Expression } from '../../frontends/query-tree.ts';
import { resolveExpression } from '../../resolve/expression.ts';
import { refuseDuplicates, type Scope } from '../../resolve/scope.ts';
import { columnValue, ownAggregate, ownCall, textLiteral } from '../../select/own-values.ts';
import type { Relation } from '../../select/relation.ts';
import { castExists, hintWithoutCast } from '../../types/cast-types.ts';
import { BOOL, exprTypeName, INT64, STRING } from '../../types/rules.ts';
import type { Typed } from '../../types/typed.ts';
import { exactIf } from './exactness.ts';
import type { Exactness } from './stage.ts';
import { textOf } from './stage-values.ts';

export interface FoundValues {
  readonly value: Typed;
  /** The least first; null where null is one. */
  readonly texts: readonly (string | null)[];
  /** The error for a row with another. */
  readonly stale: WireError;
}

const UNNAMEABLE: ReadonlySet<string> = new Set(['json', 'list', 'bytes', 'interval', 'null']);

/** Throws when there are more than `most`, or when there are no names in them. */
export function findValues(column: Expression, input: Scope, most: number): FoundValues {
  const { span } = column;
  const value = resolveExpression(column, input);
  if (UNNAMEABLE.has(value.type.kind))
    throw new QueryError(
      'wrong-type',
      `this is ${exprTypeName(value.type)}, whose values are no names of columns`,
      {
        span,
        hint: castExists(value.type, STRING)
          ? 'make a text or a number of it: `eval c = cast(x as string)`'
          : hintWithoutCast(value.type, STRING, input.text.slice(span.start, span.end)),
      },
    );
  const { values, complete } = input.answers.values(value, most);
  if (!complete) throw tooMany(input.text.slice(span.start, span.end), span, most);
  const stale: WireError = {
    code: 'stale-plan',
    message: 'rows with a new value came while the query ran, and it has no column for them',
    span,
    stage: input.stage,
    hint: "send it again, or list the values: `in ('a', 'b')`",
  };
  return { value, texts: values.map((text) => (text === null ? null : String(text))), stale };
}

function tooMany(shown: string, span: Span, most: number): QueryError {
  const limit = stageLimit('pivotColumns');
  const columns = most === limit.value ? '' : `, with ${Math.round(limit.value / most)} columns for each`;
  return new QueryError(
    'result-too-large',
    `\`${shown}\` has more than ${most} values${columns}: \`pivot\` makes at most ${limit.value} columns`,
    { span, hint: "list those that you want: `in ('a', 'b')`, or group by both columns with `stats`", limit },
  );
}

export function noValues(span: Span): QueryError {
  return new QueryError('bad-value', 'there are no rows, so `pivot` has no columns', {
    span,
    hint: "list the values: `in ('a', 'b')`, or name rows after `splitrow`",
  });
}

/** Returns, for each value, its column's name and the condition that its rows fulfil. */
export function choicesOf({ value, texts }: FoundValues, span: Span) {
  const choices = texts.map((text) => ({ name: nameOf(text), filter: hasText(value, text), span }));
  refuseDuplicates(
    choices.map(({ name }) => ({ name, type: STRING })),
    () => span,
    (name) => `list the values and name them: \`in ('${name}' as ${name}_2, ...)\``,
  );
  return choices;
}

function nameOf(text: string | null): string {
  if (text === null) return 'null';
  return text === '' ? 'empty' : text;
}

/** Whole numbers are compared as they are, which is several times faster than by their texts. */
function compared(value: Typed): Typed {
  return value.type.kind === 'int64' ? value : textOf(value);
}

function hasText(value: Typed, text: string | null): Typed {
  if (text === null) return ownCall(BOOL, [value], 'is null');
  const whole = compared(value);
  return ownCall(BOOL, [whole, { ...textLiteral(text), type: whole.type }], '=');
}

/** Says whether a database has the values' texts, and why not. */
export function exactShown({ value }: FoundValues, dialect: SourceDialect): Exactness {
  const itself = exactIf([value], dialect);
  if (!itself.exact || exactIf([textOf(value)], dialect).exact) return itself;
  return { exact: false, why: `${dialect.title} writes the texts of ${exprTypeName(value.type)} otherwise` };
}

/** Counts the rows of a group that have a value without a column. */
export function countOthers({ value, texts }: FoundValues): Typed {
  return ownAggregate(INT64, [compared(value)], 'own/count others', [JSON.stringify(texts)]);
}

/** The groups; fails when `count`, of `countOthers`, is above 0 in any of them, whatever later stages leave of them. */
export function refuseOthers(
  groups: Relation,
  { stale }: FoundValues,
  count: string,
  total: string,
): Relation {
  const counted = columnValue({ name: count, type: INT64 });
  const sum = ownAggregate(INT64, [counted], 'max');
  const none = columnValue({ name: total, type: INT64 });
  return groups
    .window([{ name: total, value: sum }], { partition: [], keys: [], rows: 'all' })
    .check(ownCall(BOOL, [none], 'own/refuse others', [JSON.stringify(stale)]));
}
