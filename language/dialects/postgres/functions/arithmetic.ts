/** Arithmetic as PostgreSQL computes it exactly. */
import { type Typed, valueType } from '../../../types/typed.ts';
import type { Emitter, FunctionTable, Row } from '../../function-table.ts';
import { infix } from '../../standard-sql.ts';
import { onceInPostgres } from '../once.ts';
import { postgresType } from '../sql.ts';

/** The size makes PostgreSQL fail where our decimal ends. */
function ofDecimals(operator: string): Emitter {
  return ([a, b], { call }) => `CAST((${a} ${operator} ${b}) AS ${postgresType(valueType(call.type))})`;
}

/** A number of times that is far below where either engine ends. */
const MAX_EXACT_TIMES = 10_000;

function isSmall(times: Typed): boolean {
  return times.kind === 'literal' && Math.abs(Number(times.value)) <= MAX_EXACT_TIMES;
}

/** PostgreSQL multiplies an interval by way of a float, the stage engine in 32 bits. */
const manyTimes: Row = { emit: infix('*'), exact: ({ args }) => isSmall(args[1]!) };

/** PostgreSQL has no remainder of floats. */
const remainder: Row = {
  emit: ([a, b]) => `(${a} % nullif(${b}, 0))`,
  exact: ({ type }) => type.kind === 'int64' || type.kind === 'decimal',
};

function shiftedByDays(operator: string): Emitter {
  return ([date, days]) => `(${date} ${operator} CAST(${days} AS INTEGER))`;
}

/** Infinite moments have no difference: PostgreSQL makes an infinite interval since 17. */
const difference: Emitter = (args, { call }) => {
  const type = call.type.kind === 'int64' ? 'int8' : 'interval';
  return onceInPostgres(
    args,
    ([x, y]) =>
      `CASE WHEN (isfinite(${x}) AND isfinite(${y})) OR ${x} IS NULL OR ${y} IS NULL THEN (${x} - ${y}) ELSE CAST('infinity' || chr(1) || CAST(${x} AS text) AS ${type}) END`,
  );
};

export const arithmetic = {
  '+/int64': infix('+'),
  '+/decimal': ofDecimals('+'),
  '+/float64': infix('+'),
  '+/interval': infix('+'),
  '+/days': shiftedByDays('+'),
  '-/int64': infix('-'),
  '-/decimal': ofDecimals('-'),
  '-/float64': infix('-'),
  '-/interval': infix('-'),
  '-/days': shiftedByDays('-'),
  '-/moments': difference,
  '*/int64': infix('*'),
  '*/decimal': ofDecimals('*'),
  '*/float64': infix('*'),
  '*/interval': manyTimes,
  '/': ([a, b]) => `(${a} / nullif(${b}, 0e0))`,
  '%': remainder,
  'div/int64': ([a, b]) => `(${a} / nullif(${b}, 0))`,
  'div/decimal': ([a, b]) =>
    `CAST(div(CAST(${a} AS numeric), nullif(CAST(${b} AS numeric), 0)) AS numeric(38,0))`,
  negate: ([a]) => `(- ${a})`,
} satisfies FunctionTable;
