/** `tail n`: the last n rows, in the order that they have. */

import { QueryError } from '../../core/protocol/errors.ts';
import { parseExpression } from '../frontends/forkline/expression-parser.ts';
import type { Expression } from '../frontends/query-tree.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { keepColumns } from '../select/own-values.ts';
import type { Typed } from '../types/typed.ts';
import { countOf } from './kit/count-argument.ts';
import { EXACT } from './kit/exactness.ts';
import type { StageDefinition } from './kit/stage.ts';

interface Resolved extends ResolvedStage {
  readonly count: Typed;
}

/** The parsed arguments of the stage. */
export type Syntax = Expression;

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'tail',
  aliases: [],
  docs: {
    syntax: 'tail n',
    summary: 'Keeps the last n rows, in their order; n may be a parameter.',
    examples: [{ text: 'sort date | tail 2', summary: 'the two latest' }],
  },
  parse(cursor) {
    if (cursor.atStageEnd()) cursor.fail('`tail` needs a number of rows', 'write `tail 10`');
    return parseExpression(cursor);
  },
  resolve(syntax, input) {
    const count = countOf(syntax, input, 0);
    if (count !== null) return { columns: input.columns, count };
    throw new QueryError(
      syntax.kind === 'parameter' ? 'bad-parameter' : 'wrong-arguments',
      '`tail` takes a whole number of rows, 0 or more',
      { span: syntax.span, hint: 'write `tail 10`, or a parameter with a whole number' },
    );
  },
  columnsUsed: (_, wanted) => wanted,
  emit({ columns, count }, relation) {
    const row = relation.freeName('row');
    const by = (descending: boolean) => [{ column: row, descending, nullsFirst: false }];
    return relation.number(row).sort(by(true)).limit(count).sort(by(false)).project(keepColumns(columns));
  },
  exactIn: () => EXACT,
};
