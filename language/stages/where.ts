/** `where condition`: keeps the rows for which it is true; null is not true. */

import { parseExpression } from '../frontends/forkline/expression-parser.ts';
import type { Expression } from '../frontends/query-tree.ts';
import { resolveCondition } from '../resolve/expression.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { collectColumns, type Typed } from '../types/typed.ts';
import { exactIf, splitCondition } from './kit/exactness.ts';
import type { StageDefinition } from './kit/stage.ts';

interface Resolved extends ResolvedStage {
  readonly condition: Typed;
}

/** The parsed arguments of the stage. */
export type Syntax = Expression;

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'where',
  aliases: ['filter'],
  docs: {
    syntax: 'where condition',
    summary: 'Keeps the rows for which the condition is true.',
    examples: [
      { text: 'where delay > 60 and origin is not null', summary: 'a comparison and a test for null' },
      {
        text: "where date >= '2001-01-01' and origin in ('ATL', 'ORD')",
        summary: 'text beside a date is a date',
      },
    ],
  },
  parse(cursor) {
    if (cursor.atStageEnd()) cursor.fail('`where` needs a condition', 'write `where delay > 0`');
    return parseExpression(cursor);
  },
  resolve: (syntax, input) => ({
    columns: input.columns,
    condition: resolveCondition(syntax, input, 'what follows `where`'),
  }),
  columnsUsed(resolved, wanted) {
    const used = new Set(wanted);
    collectColumns(resolved.condition, used);
    return used;
  },
  emit: (resolved, relation) => relation.filter(resolved.condition),
  exactIn: ({ condition }, dialect) => exactIf([condition], dialect),
  computes: ({ condition }) => [condition],
  split({ columns, condition }, dialect) {
    const parts = splitCondition(condition, dialect);
    return (
      parts && [
        { columns, condition: parts[0] },
        { columns, condition: parts[1] },
      ]
    );
  },
};
