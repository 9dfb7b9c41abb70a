/**
 * `eval name = expression, ...`: computes columns, from left to right; a later one sees the earlier ones. A name that
 * exists keeps its place.
 */

import { QueryError, type Span } from '../../core/protocol/errors.ts';
import type { Cursor } from '../frontends/forkline/cursor.ts';
import { parseExpression } from '../frontends/forkline/expression-parser.ts';
import { parseName } from '../frontends/forkline/names.ts';
import type { Expression, WrittenName } from '../frontends/query-tree.ts';
import { columnTypeOfResult, resolveExpression } from '../resolve/expression.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { collectColumns, type Typed } from '../types/typed.ts';
import { assignColumn, targetName } from './kit/assign-columns.ts';
import { exactIf } from './kit/exactness.ts';
import type { StageDefinition } from './kit/stage.ts';

interface Assignment {
  readonly target: WrittenName;
  readonly value: Expression;
}

interface Resolved extends ResolvedStage {
  readonly assignments: readonly { readonly name: string; readonly value: Typed }[];
}

function parseAssignment(cursor: Cursor): Assignment {
  const target = parseName(cursor, 'the name of a column');
  if (cursor.acceptSymbol('=') === null)
    cursor.fail(`\`=\` is missing after \`${target.name}\``, 'write `eval name = expression`');
  if (cursor.atStageEnd()) cursor.fail(`a value is missing for \`${target.name}\``);
  return { target, value: parseExpression(cursor) };
}

function duplicate(message: string, span: Span, hint: string): QueryError {
  return new QueryError('duplicate-column', message, { span, hint });
}

/** The parsed arguments of the stage. */
export type Syntax = readonly Assignment[];

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'eval',
  aliases: ['extend', 'derive'],
  docs: {
    syntax: 'eval name = expression, ...',
    summary: 'Computes columns; a later one sees the earlier ones; a name that exists keeps its place.',
    examples: [
      { text: 'eval km = distance * 1.609344, hours = delay / 60', summary: 'two new columns' },
      {
        text: "eval origin = lower(origin), level = case when delay > 60 then 'late' else 'fine' end",
        summary: 'overwrites one',
      },
    ],
  },
  parse(cursor) {
    const assignments: Assignment[] = [];
    do assignments.push(parseAssignment(cursor));
    while (cursor.acceptSymbol(',') !== null);
    return assignments;
  },
  resolve(syntax, input) {
    let { columns } = input;
    const seen = new Set<string>();
    const assignments = syntax.map(({ target, value }) => {
      const scope = { ...input, columns };
      const name = targetName(target, scope);
      if (seen.has(name))
        throw duplicate(
          `\`${name}\` is computed twice here`,
          target.span,
          'take one away, or use two `eval` stages',
        );
      seen.add(name);
      const typed = resolveExpression(value, scope);
      columns = assignColumn(columns, { name, type: columnTypeOfResult(typed, name) });
      return { name, value: typed };
    });
    return { columns, assignments };
  },
  columnsUsed({ assignments }, wanted) {
    const used = new Set(wanted);
    for (const { name, value } of assignments.toReversed()) {
      used.delete(name);
      collectColumns(value, used);
    }
    return used;
  },
  emit: ({ assignments }, relation) =>
    assignments.reduce((sofar, { name, value }) => sofar.assign(name, value), relation),
  exactIn: ({ assignments }, dialect) =>
    exactIf(
      assignments.map(({ value }) => value),
      dialect,
    ),
  computes: ({ assignments }) => assignments.map(({ value }) => value),
  rowByRow: true,
};
