/** Sums and differences with points in time: moment and duration, date and days, moment and moment. */
import { onceInDuckdb, onceInPostgres } from '../dialects/bind-once.ts';
import { commonType, DATE, INT64, INTERVAL, isMoment, TIMESTAMP } from '../types/rules.ts';
import type { Emitter, Typed } from '../types/typed.ts';
import { coerce } from './kit/coerce.ts';
import { type CallSite, emittersOf, typedCall } from './kit/function.ts';

export const infix =
  (operator: string): Emitter =>
  ([a, b]) =>
    `(${a} ${operator} ${b})`;

/** A moment, time or interval moved by a duration: months first, then days, then the rest. */
export function shifted(call: CallSite, value: Typed, by: Typed): Typed {
  const emit = infix(call.name === '-' ? '-' : '+');
  const type = value.type.kind === 'date' ? TIMESTAMP : value.type;
  // The engine's own sum of a timestamptz begins with the hours.
  const asTimestamp: Emitter = ([a, b], text) =>
    `CAST(${emit([`CAST(${a} AS TIMESTAMP)`, b!], text)} AS TIMESTAMPTZ)`;
  const duckdb = type.kind === 'timestamptz' ? asTimestamp : emit;
  return typedCall(call, type, [value, by], emittersOf(duckdb, emit));
}

/** moment + duration and the like; null when it is not about time. */
export function timeArithmetic(call: CallSite, args: readonly Typed[]): Typed | null {
  const [a, b] = [args[0]!, args[1]!];
  const shifts = (x: Typed, by: Typed): boolean =>
    (isMoment(x.type) || x.type.kind === 'time' || x.type.kind === 'interval') && by.type.kind === 'interval';
  if (shifts(a, b)) return shifted(call, a, b);
  if (call.name === '+' && shifts(b, a)) return shifted(call, b, a);
  if (a.type.kind === 'date' && b.type.kind === 'int64') return dateShiftedByDays(call, args);
  if (call.name === '-' && isMoment(a.type) && isMoment(b.type)) return momentDifference(call, args);
  return null;
}

/** Within the years that PostgreSQL has as well. */
function dateShiftedByDays(call: CallSite, args: readonly Typed[]): Typed {
  const emit: Emitter = ([date, days]) => `(${date} ${call.name} CAST(${days} AS INTEGER))`;
  const duckdb: Emitter = (sides, text) =>
    onceInDuckdb(
      [emit(sides, text)],
      ([date]) =>
        `CASE WHEN isfinite(${date}) AND ${date} NOT BETWEEN DATE '4714-11-24 (BC)' AND DATE '5874897-12-31' THEN CAST('out of range' AS DATE) ELSE ${date} END`,
    );
  return typedCall(call, DATE, args, emittersOf(duckdb, emit));
}

/** Days between dates as int64, else an interval. */
function momentDifference(call: CallSite, args: readonly Typed[]): Typed {
  const common = commonType(args[0]!.type, args[1]!.type)!;
  const sides = args.map((arg) => coerce(arg, common));
  const days = common.kind === 'date';
  const minus = infix('-');
  // Infinite moments have no difference: PostgreSQL makes an infinite interval since 17, the engine some number of days.
  const finite =
    (wrong: string): Emitter =>
    (names, text) => {
      const [x, y] = names;
      return `CASE WHEN (isfinite(${x}) AND isfinite(${y})) OR ${x} IS NULL OR ${y} IS NULL THEN ${minus(names, text)} ELSE ${wrong.replace('?', x!)} END`;
    };
  const duckdb = finite(days ? "CAST('infinity' AS BIGINT)" : "CAST('infinity' AS INTERVAL)");
  const postgres = finite(`CAST('infinity' || chr(1) || CAST(? AS text) AS ${days ? 'int8' : 'interval'})`);
  return typedCall(
    call,
    days ? INT64 : INTERVAL,
    sides,
    emittersOf(
      (args, text) => onceInDuckdb(args, (names) => duckdb(names, text)),
      (args, text) => onceInPostgres(args, (names) => postgres(names, text)),
    ),
  );
}
