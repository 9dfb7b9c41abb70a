/** `head n`: the first n rows in the order that a `sort` before has set, or that the source has; else any n rows. */

import { QueryError } from '../../core/protocol/errors.ts';
import { parseExpression } from '../frontends/forkline/expression-parser.ts';
import type { Expression } from '../frontends/query-tree.ts';
import { resolveExpression } from '../resolve/expression.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import type { Typed } from '../types/typed.ts';
import { asWritten, isUntyped } from '../types/untyped.ts';
import { EXACT } from './kit/exactness.ts';
import type { StageDefinition } from './kit/stage.ts';

interface Resolved extends ResolvedStage {
  readonly count: Typed;
}

/** The parsed arguments of the stage. */
export type Syntax = Expression;

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'head',
  aliases: ['limit', 'take'],
  docs: {
    syntax: 'head n',
    summary: 'Keeps the first n rows; n may be a parameter.',
    examples: [{ text: 'sort -delay | head 2', summary: 'the two greatest delays' }],
  },
  parse(cursor) {
    if (cursor.atStageEnd()) cursor.fail('`head` needs a number of rows', 'write `head 10`');
    return parseExpression(cursor);
  },
  resolve(syntax, input) {
    const constant = syntax.kind === 'number' || syntax.kind === 'parameter';
    const given = constant ? resolveExpression(syntax, input) : null;
    const count = given !== null && isUntyped(given) ? asWritten(given) : given;
    if (
      count !== null &&
      count.type.kind === 'int64' &&
      !(count.kind === 'literal' && Number(count.value) < 0)
    )
      return { columns: input.columns, count };
    throw new QueryError(
      syntax.kind === 'parameter' ? 'bad-parameter' : 'wrong-arguments',
      '`head` takes a whole number of rows, 0 or more',
      {
        span: syntax.span,
        hint: 'write `head 10`, or a parameter with a whole number',
      },
    );
  },
  columnsUsed: (_, wanted) => wanted,
  emit: ({ count }, relation) => relation.limit(count),
  exactIn: () => EXACT,
  keepsFirst: ({ count }) => count,
};
