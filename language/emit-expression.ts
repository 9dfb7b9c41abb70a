/** Typed expressions as DuckDB SQL. Bound values become `$n`; everything else is quoted text of ours. */

import { DUCKDB } from './dialects/duckdb.ts';
import type { ParameterKind } from './plan.ts';
import { type AggregateText, type Typed, type TypedCall, valueType, type WindowKind } from './typed.ts';

/** Where an expression's parts come from. */
export interface EmitScope {
  /** SQL of a column of the stage's input. */
  column(name: string): string;
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
      return DUCKDB.literal(typed);
    case 'parameter':
      // That it is null is part of the plan: it needs no place among the bound values.
      if (typed.type.kind === 'null') return 'NULL';
      return DUCKDB.parameter(scope.parameter(typed.name, typed.parameterKind), valueType(typed.type));
    case 'call':
      return emitCall(typed, scope);
    default:
      return typed satisfies never;
  }
}

const NO_AGGREGATE: AggregateText = { order: '', filter: '', over: '', condition: null };

function emitCall(call: TypedCall, scope: EmitScope): string {
  const args = call.args.map((arg) => emitExpression(arg, scope));
  const { aggregate } = call;
  if (aggregate === null) return call.emitters.duckdb(args, NO_AGGREGATE);
  const condition = aggregate.filter === null ? null : emitExpression(aggregate.filter, scope);
  return call.emitters.duckdb(args, {
    order: aggregate.ordered && scope.over === undefined ? scope.order : '',
    filter: condition === null ? '' : ` FILTER (WHERE ${condition})`,
    over: scope.over?.(aggregate.window, aggregate.ordered) ?? '',
    condition,
  });
}
