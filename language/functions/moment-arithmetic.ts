/** Sums and differences with points in time: moment and duration, date and days, moment and moment. */
import { commonType, DATE, INT64, INTERVAL, isMoment, TIMESTAMP } from '../types/rules.ts';
import type { Typed } from '../types/typed.ts';
import { coerce } from './kit/coerce.ts';
import { type CallSite, typedCall } from './kit/function.ts';

/** A moment, time or interval moved by a duration: months first, then days, then the rest. */
export function shifted(call: CallSite, value: Typed, by: Typed): Typed {
  const type = value.type.kind === 'date' ? TIMESTAMP : value.type;
  return typedCall(call, call.name === '-' ? '-/interval' : '+/interval', type, [value, by]);
}

/** moment + duration and the like; null when it is not about time. */
export function timeArithmetic(call: CallSite, args: readonly Typed[]): Typed | null {
  const [a, b] = [args[0]!, args[1]!];
  const shifts = (x: Typed, by: Typed): boolean =>
    (isMoment(x.type) || x.type.kind === 'time' || x.type.kind === 'interval') && by.type.kind === 'interval';
  if (shifts(a, b)) return shifted(call, a, b);
  if (call.name === '+' && shifts(b, a)) return shifted(call, b, a);
  if (a.type.kind === 'date' && b.type.kind === 'int64')
    return typedCall(call, call.name === '-' ? '-/days' : '+/days', DATE, args);
  if (call.name === '-' && isMoment(a.type) && isMoment(b.type)) return momentDifference(call, args);
  return null;
}

/** Days between dates as int64, else an interval. */
function momentDifference(call: CallSite, args: readonly Typed[]): Typed {
  const common = commonType(args[0]!.type, args[1]!.type)!;
  const sides = args.map((arg) => coerce(arg, common));
  return typedCall(call, '-/moments', common.kind === 'date' ? INT64 : INTERVAL, sides);
}
