/** The bin of time that the rows of a stage lie in. */
import { QueryError } from '../../../core/protocol/errors.ts';
import type { CallNode, Expression } from '../../frontends/query-tree.ts';
import { resolveExpression } from '../../resolve/expression.ts';
import type { Scope } from '../../resolve/scope.ts';
import { exprTypeName, isMoment } from '../../types/rules.ts';
import type { Typed, TypedColumn } from '../../types/typed.ts';

/** Resolves the bin that the column lies in, as the function `bin` has it. Throws QueryError. */
export function resolveBin(time: TypedColumn, span: Expression, scope: Scope): Typed {
  if (!isMoment(time.type))
    throw new QueryError(
      'wrong-type',
      `\`${time.name}\` is ${exprTypeName(time.type)}, not a date or timestamp`,
      {
        span: time.span,
        hint: 'the column of time comes first: `timechart date span=1d count()`',
      },
    );
  if (time.type.kind === 'date' && span.kind === 'duration' && /[0-9](ms|s|m|h)$/.test(span.text))
    throw new QueryError('wrong-type', `\`${time.name}\` is a date and has no time of day`, {
      span: span.span,
      hint: 'write `span=1d` or longer',
    });
  const name: Expression = { kind: 'name', name: time.name, quoted: true, span: time.span, depth: 1 };
  const bin: CallNode = {
    kind: 'call',
    name: 'bin',
    nameSpan: span.span,
    args: [name, span],
    operator: false,
    span: span.span,
    depth: 2,
  };
  return resolveExpression(bin, scope);
}
