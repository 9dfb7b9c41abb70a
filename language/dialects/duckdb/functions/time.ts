/** Time in the stage engine. */
import { valueType } from '../../../types/typed.ts';
import type { Emitter, FunctionTable } from '../../function-table.ts';
import { named } from '../../standard-sql.ts';
import { duckdbType, quoteText } from '../sql.ts';

/** The type of what the engine's own function gives depends on the unit. */
const truncated: Emitter = ([a], { call }) =>
  `CAST(date_trunc('${call.constants[0]}', ${a}) AS ${duckdbType(valueType(call.type))})`;

/** The engine's own weeks begin on no certain day. */
const difference: Emitter = ([a, b], { call }) => {
  const [unit] = call.constants;
  return unit === 'week'
    ? `(date_diff('day', date_trunc('week', ${a}), date_trunc('week', ${b})) // 7)`
    : `date_diff('${unit}', ${a}, ${b})`;
};

export const time = {
  now: () => 'now()',
  ago: ([a]) => `CAST((CAST(now() AS TIMESTAMP) - ${a}) AS TIMESTAMPTZ)`,
  'bin/moment': named('time_bucket'),
  date_trunc: truncated,
  date_diff: difference,
  strftime: ([a], { call }) => `strftime(${a}, ${quoteText(call.constants[0]!)})`,
  strptime: ([a], { call }) =>
    `CAST(strptime(${a}, ${quoteText(call.constants[0]!)}) AS ${duckdbType(valueType(call.type))})`,
  extract: ([a], { call }) => `extract(${call.constants[0]} FROM ${a})`,
  at_timezone: ([a], { call }) => `(${a} AT TIME ZONE ${quoteText(call.constants[0]!)})`,
} satisfies FunctionTable;
