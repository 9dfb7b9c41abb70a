/** Reads the expressions of a policy: those of our own language, with no parameters, and with nothing that a stage is needed for. */
import { QueryError } from '../../../core/protocol/errors.ts';
import { Cursor } from '../../frontends/forkline/cursor.ts';
import { parseExpression } from '../../frontends/forkline/expression-parser.ts';
import type { Expression } from '../../frontends/query-tree.ts';
import { findFunction } from '../../functions/registry.ts';

const NO_SOURCES = {
  source(): never {
    throw new QueryError('syntax', 'a rule of the policy holds no query');
  },
  engineSql(): never {
    throw new QueryError('syntax', 'a rule of the policy holds no SQL');
  },
};

/** Throws QueryError, its place in the text. */
export function parseRule(text: string): Expression {
  const cursor = new Cursor(text, 0, NO_SOURCES);
  const expression = parseExpression(cursor);
  const rest = cursor.peek();
  if (rest.kind !== 'end')
    throw new QueryError('syntax', `\`${rest.text.slice(0, 40)}\` is left over`, {
      span: { start: rest.start, end: rest.end },
      hint: 'a rule is one expression; join conditions with `and` and `or`',
    });
  refuseUnknown(expression);
  return expression;
}

/** Returns what is wrong with a rule, in a line; null: nothing that its text shows. */
export function ruleProblem(text: string): string | null {
  try {
    parseRule(text);
    return null;
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    const { span, hint } = thrown.details;
    const place = span === undefined ? '' : ` at character ${span.start + 1}`;
    return `${thrown.message}${place}${hint === undefined ? '' : ` (${hint})`}`;
  }
}

function refuseUnknown(expression: Expression): void {
  if (expression.kind === 'parameter')
    throw new QueryError(
      'syntax',
      `a rule of the policy has no parameters, and \`:${expression.text}\` is one`,
    );
  if (
    expression.kind === 'call' &&
    !expression.operator &&
    findFunction(expression.name.toLowerCase()) === null
  )
    throw new QueryError('unknown-function', `there is no function \`${expression.name}\``);
  for (const part of partsOf(expression)) refuseUnknown(part);
}

function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'call':
      return expression.args;
    case 'cast':
      return [expression.value];
    case 'case':
      return [
        ...expression.branches.flatMap(({ when, then }) => [when, then]),
        ...(expression.otherwise === null ? [] : [expression.otherwise]),
      ];
    default:
      return [];
  }
}
