/** Typed expressions as SQL of a dialect. Bound values become `$n`; everything else is quoted text of ours. */
import type { ParameterKind } from '../../core/protocol/parameters.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { emitterIn } from '../functions/kit/emitter-in.ts';
import { mayRaise } from '../types/may-raise.ts';
import { type Typed, type TypedCall, valueType, type WindowKind } from '../types/typed.ts';

/** Gives the SQL of an expression's parts. */
export interface EmitScope {
  readonly dialect: Dialect;
  /** SQL of a column of the stage's input. */
  column(name: string): string;
  /** SQL of a column that is only compared with values of its type: the database may then compare the value that it stores. */
  compared(name: string): string;
  /** `$n` of a parameter. */
  parameter(name: string, kind: ParameterKind): string;
  /** ` ORDER BY ...` in force, or ''; for aggregates that depend on it. */
  readonly order: string;
  /** ` OVER (...)` for values that every row has; undefined: a group has one. */
  over?(window: WindowKind | undefined, ordered: boolean): string;
}

export function emitExpression(typed: Typed, scope: EmitScope): string {
  switch (typed.kind) {
    case 'column':
      return scope.column(typed.name);
    case 'literal':
      return scope.dialect.literal(typed);
    case 'parameter':
      // A null is part of the plan: it needs no place among the bound values.
      if (typed.type.kind === 'null') return 'NULL';
      return scope.dialect.parameter(scope.parameter(typed.name, typed.parameterKind), valueType(typed.type));
    case 'call':
      return emitCall(typed, scope);
    default:
      return typed satisfies never;
  }
}

function emitCall(call: TypedCall, scope: EmitScope): string {
  const over = call.aggregate === null ? undefined : scope.over;
  const emit = emitterIn(call, scope.dialect.name, over === undefined ? 'group' : 'over');
  // Placement has asked before: only what has a text in a dialect is emitted in it.
  if (emit === null) throw new Error(`${call.name} has no text in ${scope.dialect.name}`);
  const stored = call.comparison ? { ...scope, column: scope.compared } : null;
  const args = call.args.map((arg) =>
    emitExpression(arg, arg.kind === 'column' && stored !== null ? stored : scope),
  );
  const { aggregate } = call;
  if (aggregate === null) return emit(args, { call, order: '', filter: '', over: '', condition: null });
  const condition = aggregate.filter === null ? null : emitExpression(aggregate.filter, scope);
  const early =
    condition !== null && scope.dialect.traits.computesArgumentsBeforeFilter && call.args.some(mayRaise);
  const guarded = early ? args.map((arg) => `CASE WHEN ${condition} THEN ${arg} END`) : args;
  return emit(guarded, {
    call,
    order: aggregate.ordered && over === undefined ? scope.order : '',
    filter: condition === null ? '' : ` FILTER (WHERE ${condition})`,
    over: over?.(aggregate.window, aggregate.ordered) ?? '',
    condition,
  });
}
