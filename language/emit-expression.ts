/** Typed expressions as DuckDB SQL. Bound values become `$n`; everything else is quoted text of ours. */

import { duckdbType, floatLiteral, quoteText } from './dialects/duckdb.ts';
import type { ParameterKind } from './plan.ts';
import { isMoment } from './type-rules.ts';
import {
  type AggregateText,
  type Typed,
  type TypedCall,
  type TypedLiteral,
  valueType,
  type WindowKind,
} from './typed.ts';

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
      return emitLiteral(typed);
    case 'parameter':
      // That it is null is part of the plan: it needs no place among the bound values.
      if (typed.type.kind === 'null') return 'NULL';
      return `CAST(${scope.parameter(typed.name, typed.parameterKind)} AS ${duckdbType(valueType(typed.type))})`;
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

function emitLiteral({ value, type }: TypedLiteral): string {
  if (value === null) return type.kind === 'null' ? 'NULL' : `CAST(NULL AS ${duckdbType(valueType(type))})`;
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  if (type.kind === 'int64') return `CAST(${value} AS BIGINT)`;
  if (type.kind === 'float64')
    return value.startsWith('-') ? `(${floatLiteral(value)})` : floatLiteral(value);
  if (type.kind === 'decimal') return `CAST(${value} AS ${duckdbType(type)})`;
  if (type.kind === 'interval') return `INTERVAL ${quoteText(value)}`;
  if (isMoment(type) || type.kind === 'time') return `${duckdbType(valueType(type))} ${quoteText(value)}`;
  return quoteText(value);
}
