/** A moment from which on, or before which, a stage takes rows: `from=` and `to=`. */
import { QueryError } from '../../../core/protocol/errors.ts';
import type { CallNode, Expression } from '../../frontends/query-tree.ts';
import { coerce, unify } from '../../functions/kit/coerce.ts';
import { resolveExpression } from '../../resolve/expression.ts';
import type { Scope } from '../../resolve/scope.ts';
import { exprTypeName, sameType } from '../../types/rules.ts';
import type { Typed, TypedColumn } from '../../types/typed.ts';

export interface Bound {
  /** The moment, of the type of the column of time. */
  readonly value: Typed;
  /** The bin that it lies in. */
  readonly bin: Typed;
  /** Says whether a row lies on its side. */
  readonly condition: Typed;
}

export interface Bounded {
  /** The column of time. */
  readonly column: TypedColumn;
  /** The bin of that column. */
  readonly bin: Typed;
  readonly scope: Scope;
}

/** Resolves a bound. Throws QueryError where it has columns in it, or another type. */
export function resolveBound(
  option: 'from' | 'to',
  written: Expression,
  { column, bin, scope }: Bounded,
): Bound {
  const given = resolveExpression(written, scope);
  if (hasColumns(given))
    throw new QueryError('wrong-arguments', `\`${option}\` is a moment without columns`, {
      span: written.span,
      hint: `write \`${option}='2001-01-01'\`, a parameter or \`${option}=now() - 1d\``,
    });
  const wrongType = (): never => {
    throw new QueryError(
      'wrong-type',
      `\`${option}\` is ${exprTypeName(given.type)}, but \`${column.name}\` is ${exprTypeName(column.type)}`,
      { span: written.span, hint: `cast it: \`${option}=cast(... as ${exprTypeName(column.type)})\`` },
    );
  };
  const { type } = unify([column, given], wrongType);
  if (!sameType(type, column.type)) wrongType();
  const value = coerce(given, column.type);
  return { value, bin: withColumn(bin, value), condition: comparison(option, written, column, scope) };
}

function hasColumns(value: Typed): boolean {
  if (value.kind === 'column') return true;
  return value.kind === 'call' && value.args.some(hasColumns);
}

/** Makes the same value of something else than its column. */
function withColumn(value: Typed, column: Typed): Typed {
  if (value.kind === 'column') return column;
  return value.kind === 'call' ? { ...value, args: value.args.map((arg) => withColumn(arg, column)) } : value;
}

function comparison(option: 'from' | 'to', written: Expression, column: TypedColumn, scope: Scope): Typed {
  const name: Expression = { kind: 'name', name: column.name, quoted: true, span: column.span, depth: 1 };
  const call: CallNode = {
    kind: 'call',
    name: option === 'from' ? '>=' : '<',
    nameSpan: written.span,
    args: [name, written],
    operator: true,
    span: written.span,
    depth: written.depth + 1,
  };
  return resolveExpression(call, scope);
}
