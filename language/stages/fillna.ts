/**
 * `fillna column value, ...` (or `column = value`): the value stands where the column is null; every row stays. The
 * value may be any expression; a later one sees the earlier ones, as in `eval`. Without a value it is an error: in
 * the legacy language that dropped rows.
 */

import { QueryError } from '../../core/protocol/errors.ts';
import type { Column } from '../../core/protocol/types.ts';
import type { Cursor } from '../frontends/forkline/cursor.ts';
import { parseExpression } from '../frontends/forkline/expression-parser.ts';
import { parseName } from '../frontends/forkline/names.ts';
import type { Expression, WrittenName } from '../frontends/query-tree.ts';
import { unify } from '../functions/kit/coerce.ts';
import { resolveExpression } from '../resolve/expression.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { getColumn, type Scope } from '../resolve/scope.ts';
import { columnValue, ownCall } from '../select/own-values.ts';
import type { NamedValue } from '../select/relation.ts';
import { exprTypeName } from '../types/rules.ts';
import { collectColumns, type Typed, valueType } from '../types/typed.ts';
import { assignColumn } from './kit/assign-columns.ts';
import { exactIf } from './kit/exactness.ts';
import type { StageDefinition } from './kit/stage.ts';

interface Filling {
  readonly target: WrittenName;
  readonly value: Expression;
}

interface Resolved extends ResolvedStage {
  readonly fillings: readonly NamedValue[];
}

function parseFilling(cursor: Cursor): Filling {
  if (cursor.peek().kind === 'number' || cursor.peek().kind === 'string')
    cursor.refuse('`fillna` names the columns that it fills', 'write `fillna delay 0`');
  const target = parseName(cursor, 'the name of a column');
  const { name } = target;
  const equals = cursor.acceptSymbol('=');
  if (cursor.atStageEnd() || cursor.isSymbol(','))
    throw new QueryError('syntax', `\`fillna\` has no value to fill \`${name}\` with`, {
      span: target.span,
      hint: `write \`fillna ${name} 0\`; to drop the rows where it is null, \`dropna ${name}\``,
    });
  if (equals !== null && name === 'value' && cursor.peek(1).kind === 'word')
    cursor.refuse(
      '`fillna` has a value for each column',
      `write \`fillna ${cursor.peek(1).text} = ${cursor.peek().text}\``,
    );
  return { target, value: parseExpression(cursor) };
}

function resolveFilling({ target, value }: Filling, scope: Scope): NamedValue {
  const column = getColumn(scope, target);
  const typed = resolveExpression(value, scope);
  const { name } = column;
  if (typed.type.kind === 'null')
    throw new QueryError('wrong-arguments', `null fills nothing in \`${name}\``, {
      span: typed.span,
      hint: 'give a value',
    });
  const unified = unify([{ ...columnValue(column), span: target.span }, typed], () => {
    throw mismatch(column, typed);
  });
  return {
    name,
    value: ownCall(unified.type, unified.args, 'coalesce'),
  };
}

function mismatch({ name, type }: Column, value: Typed): QueryError {
  const [has, gets] = [exprTypeName(type), exprTypeName(value.type)];
  const code = value.kind === 'parameter' ? 'bad-parameter' : 'wrong-type';
  return new QueryError(code, `\`${name}\` is ${has}, and what fills it is ${gets}`, {
    span: value.span,
    hint: `give a value of type ${has}, or cast the column before: \`cast ${name} as ${gets}\``,
  });
}

/** The parsed arguments of the stage. */
export type Syntax = readonly Filling[];

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'fillna',
  aliases: ['fillnull'],
  docs: {
    syntax: 'fillna column [=] value, ...',
    summary: 'Puts a value where a column is null; every row stays.',
    notes:
      'A later value sees the earlier ones. A value of a wider type widens the column: `fillna delay 0.5` makes it a float64.',
    examples: [
      { text: 'fillna delay 0', summary: 'no delay is a delay of 0' },
      { text: "fillna origin = 'unknown', price = distance * 0.1", summary: 'the value may be computed' },
    ],
  },
  parse(cursor) {
    if (cursor.atStageEnd()) cursor.fail('`fillna` needs a column and a value', 'write `fillna delay 0`');
    const fillings: Filling[] = [];
    do fillings.push(parseFilling(cursor));
    while (cursor.acceptSymbol(',') !== null);
    return fillings;
  },
  resolve(syntax, input) {
    let { columns } = input;
    const fillings = syntax.map((filling) => {
      const filled = resolveFilling(filling, { ...input, columns });
      columns = assignColumn(columns, { name: filled.name, type: valueType(filled.value.type) });
      return filled;
    });
    return { columns, fillings };
  },
  columnsUsed({ fillings }, wanted) {
    const used = new Set(wanted);
    for (const { value } of fillings) collectColumns(value, used);
    return used;
  },
  emit: ({ fillings }, relation) =>
    fillings.reduce((sofar, { name, value }) => sofar.assign(name, value), relation),
  exactIn: ({ fillings }, dialect) =>
    exactIf(
      fillings.map(({ value }) => value),
      dialect,
    ),
  computes: ({ fillings }) => fillings.map(({ value }) => value),
  rowByRow: true,
};
