/** Binds a query's parameters to a prepared statement, each by its kind. */
import type { DuckDBPreparedStatement } from '@duckdb/node-api';
import { QueryError } from '../../core/protocol/errors.ts';
import type { EngineValue } from '../../core/protocol/parameters.ts';
import type { WorkerPlan } from '../../core/protocol/plan.ts';

type PlanParameter = WorkerPlan['parameters'][number];

/** `values[i]` goes to `$i+1`. Throws bad-parameter when a value is not of its parameter's kind. */
export function bindParameters(
  statement: DuckDBPreparedStatement,
  parameters: readonly PlanParameter[],
  values: readonly EngineValue[],
): void {
  parameters.forEach((parameter, index) => {
    bindParameter(statement, index + 1, parameter, values[index] ?? null);
  });
}

function bindParameter(
  statement: DuckDBPreparedStatement,
  position: number,
  parameter: PlanParameter,
  value: EngineValue,
): void {
  if (value === null) {
    statement.bindNull(position);
    return;
  }
  switch (parameter.kind) {
    case 'string':
      statement.bindVarchar(position, String(value));
      return;
    case 'int64':
      statement.bindBigInt(position, toInt64(parameter, value));
      return;
    case 'float64':
      statement.bindDouble(position, Number(value));
      return;
    case 'bool':
      if (typeof value !== 'boolean') throw badParameter(parameter, value);
      statement.bindBoolean(position, value);
      return;
    case 'null':
    case 'number':
      throw badParameter(parameter, value);
    default: // texts that the statement casts
      statement.bindVarchar(position, String(value));
  }
}

function toInt64(parameter: PlanParameter, value: string | number | boolean): bigint {
  const text = String(value);
  if (!/^-?\d+$/.test(text)) throw badParameter(parameter, value);
  const number = BigInt(text);
  if (BigInt.asIntN(64, number) !== number) throw badParameter(parameter, value);
  return number;
}

function badParameter({ name, kind }: PlanParameter, value: EngineValue): QueryError {
  return new QueryError(
    'bad-parameter',
    `parameter :${name} is planned as ${kind}, and its value is ${JSON.stringify(value)}`,
  );
}
