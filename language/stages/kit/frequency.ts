/**
 * The common part of `top` and `rare`: the n most or least frequent combinations of columns' values, with their count. Null is
 * a value like any other; of equally frequent ones the lesser values come first, so that the answer is always the same.
 */
import { QueryError, type Span } from '../../../core/protocol/errors.ts';
import type { Column } from '../../../core/protocol/types.ts';
import type { Cursor } from '../../frontends/forkline/cursor.ts';
import { parseExpression } from '../../frontends/forkline/expression-parser.ts';
import type { Expression } from '../../frontends/query-tree.ts';
import type { ResolvedStage } from '../../resolve/graph.ts';
import { refuseDuplicates, type Scope } from '../../resolve/scope.ts';
import { columnValue, countRows, keepColumns } from '../../select/own-values.ts';
import type { Relation } from '../../select/relation.ts';
import type { SortKey } from '../../select/window-frame.ts';
import { INT64 } from '../../types/rules.ts';
import type { Typed } from '../../types/typed.ts';
import { expandKeys, type Pattern, parsePatterns } from './column-patterns.ts';
import { countOf } from './count-argument.ts';

export interface FrequencySyntax {
  readonly count: Expression;
  readonly patterns: readonly Pattern[];
  readonly by: readonly Pattern[];
}

export interface ResolvedFrequency extends ResolvedStage {
  readonly count: Typed;
  readonly values: readonly Column[];
  readonly by: readonly Column[];
}

const COUNT: Column = { name: 'count', type: INT64 };

/** The number that `top` and `rare` begin with. */
export function parseFrequencyCount(cursor: Cursor, stage: 'top' | 'rare'): Expression {
  const hint = `write \`${stage} 10 url\``;
  if (cursor.atStageEnd()) cursor.fail(`\`${stage}\` needs a number and columns`, hint);
  const token = cursor.peek();
  if (token.kind === 'word' && cursor.peek(1).text === '=')
    cursor.refuse(`\`${stage}\` has no options`, `the number stands alone: \`${stage} 10 url\``);
  if (token.kind === 'word' || token.kind === 'quoted')
    cursor.refuse(
      `\`${stage}\` needs a number first`,
      `write \`${stage} 10 ${cursor.text.slice(token.start, token.end)}\``,
    );
  return parseExpressionOfCount(cursor);
}

/** A number or parameter alone: `10 -x` is no subtraction, it is a habit from elsewhere. */
function parseExpressionOfCount(cursor: Cursor): Expression {
  const token = cursor.peek();
  if (token.kind !== 'number' && token.kind !== 'parameter') return parseExpression(cursor);
  cursor.next();
  return { kind: token.kind, text: token.text, span: { start: token.start, end: token.end }, depth: 1 };
}

export function parseFrequency(cursor: Cursor, stage: 'top' | 'rare', count: Expression): FrequencySyntax {
  if (cursor.atStageEnd())
    cursor.fail(`\`${stage}\` needs a column`, `write \`${stage} 10 url\`; to keep rows only, \`head 10\``);
  if (cursor.isSymbol('-', '+'))
    cursor.refuse(
      `\`${stage}\` counts values, it does not sort`,
      'to sort and keep the first ones write `sort 10 -delay`; for the largest, `top 10 by delay`',
    );
  const patterns = parsePatterns(cursor);
  return { count, patterns, by: cursor.acceptWord('by') === null ? [] : parsePatterns(cursor) };
}

export function resolveCount(count: Expression, input: Scope, stage: 'top' | 'rare'): Typed {
  return (
    countOf(count, input, 1) ??
    refuseCount(count.kind === 'parameter' ? 'bad-parameter' : 'wrong-arguments', count.span, stage)
  );
}

function refuseCount(code: 'bad-parameter' | 'wrong-arguments', span: Span, stage: string): never {
  throw new QueryError(code, `\`${stage}\` takes a whole number, 1 or more`, {
    span,
    hint: `write \`${stage} 10 url\`, or a parameter with a whole number`,
  });
}

export function resolveFrequency(
  syntax: FrequencySyntax,
  input: Scope,
  stage: 'top' | 'rare',
): ResolvedFrequency {
  const count = resolveCount(syntax.count, input, stage);
  const [by, values] = [expandKeys(syntax.by, input), expandKeys(syntax.patterns, input)];
  const columns = [...by, ...values, COUNT];
  const spans = [...syntax.by, ...syntax.patterns].map((pattern) => pattern.span);
  refuseDuplicates(
    columns,
    () => spans.at(-1)!,
    (name) =>
      name === COUNT.name
        ? 'the result has a column `count` of its own: rename this one before'
        : `name \`${name}\` on one side of \`by\` only`,
  );
  return { columns, count, values, by };
}

export function emitFrequency(
  { columns, count, values, by }: ResolvedFrequency,
  relation: Relation,
  mostFrequentFirst: boolean,
): Relation {
  const groups = [...by, ...values].map((column) => ({ name: column.name, value: columnValue(column) }));
  const counted = relation.aggregate(groups, [{ name: COUNT.name, value: countRows() }]);
  const up = ({ name }: Column): SortKey => ({ column: name, descending: false, nullsFirst: false });
  const order = [{ ...up(COUNT), descending: mostFrequentFirst }, ...values.map(up)];
  if (by.length === 0) return counted.sort(order).limit(count);
  return counted
    .firstOfEach(count, by.map(columnValue), order)
    .sort([...by.map(up), ...order])
    .project(keepColumns(columns));
}

export function frequencyColumnsUsed({ values, by }: ResolvedFrequency): ReadonlySet<string> {
  return new Set([...values, ...by].map(({ name }) => name));
}
