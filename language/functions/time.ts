/**
 * Time. All of it in UTC. Bins of hours and less begin at midnight, of weeks on Monday, of months and more in January
 * 2000; other widths count from Monday, 3 January 2000.
 */
import { didYouMean, suggest } from '../../core/protocol/suggest.ts';
import {
  commonType,
  FLOAT64,
  INT64,
  isMoment,
  isNumeric,
  STRING,
  TIMESTAMP,
  TIMESTAMPTZ,
} from '../types/rules.ts';
import { TIME_ZONES } from '../types/time-zones.ts';
import type { Typed } from '../types/typed.ts';
import { coerce } from './kit/coerce.ts';
import {
  type CallSite,
  callError,
  castHint,
  constantText,
  describeArgument,
  type FunctionDefinition,
  typedCall,
} from './kit/function.ts';
import { acceptedArgs, overloads } from './kit/overloads.ts';
import { shifted } from './moment-arithmetic.ts';
import { numberBin } from './number.ts';

const TRUNCATIONS = [
  'microsecond',
  'millisecond',
  'second',
  'minute',
  'hour',
  'day',
  'week',
  'month',
  'quarter',
  'year',
  'decade',
  'century',
];
const PARTS = [...TRUNCATIONS, 'dow', 'isodow', 'doy', 'epoch', 'isoyear'];

/** A unit's name among `units`, checked. */
function unitOf(call: CallSite, units: readonly string[]): string {
  const unit = constantText(call, 0, 'the unit').toLowerCase();
  if (units.includes(unit)) return unit;
  const guess = didYouMean(suggest(unit, units));
  throw callError(
    call,
    'wrong-arguments',
    `\`${call.name}\` knows no unit '${unit}'`,
    guess ?? `one of ${units.join(', ')}`,
    call.args[0]!.span,
  );
}

/** Argument `index`, checked to be a moment. */
function momentAt(call: CallSite, index: number): Typed {
  const arg = call.args[index]!;
  if (isMoment(arg.type)) return arg;
  const message = `\`${call.name}\` wants a date or timestamp, but ${describeArgument(call, arg)}`;
  throw callError(call, 'wrong-type', message, castHint(call, arg, TIMESTAMP), arg.span);
}

function count(call: CallSite, ...counts: readonly number[]): void {
  if (counts.includes(call.args.length)) return;
  throw callError(
    call,
    'wrong-arguments',
    `\`${call.name}\` takes ${counts.join(' or ')} arguments, not ${call.args.length}`,
    `write \`${call.syntax}\``,
  );
}

function truncate(call: CallSite): Typed {
  count(call, 2);
  const unit = unitOf(call, TRUNCATIONS);
  const value = momentAt(call, 1);
  return typedCall(call, 'date_trunc', value.type, [value], { constants: [unit] });
}

function extract(call: CallSite): Typed {
  count(call, 2);
  const part = unitOf(call, PARTS);
  const type = part === 'epoch' ? FLOAT64 : INT64;
  return typedCall(call, 'extract', type, [momentAt(call, 1)], { constants: [part] });
}

function difference(call: CallSite): Typed {
  count(call, 3);
  const unit = unitOf(call, TRUNCATIONS);
  const [from, to] = [momentAt(call, 1), momentAt(call, 2)];
  const type = commonType(from.type, to.type)!;
  const sides = [coerce(from, type), coerce(to, type)];
  return typedCall(call, 'date_diff', INT64, sides, { constants: [unit] });
}

function format(call: CallSite): Typed {
  count(call, 2);
  const constants = [constantText(call, 1, 'the format')];
  return typedCall(call, 'strftime', STRING, [momentAt(call, 0)], { constants });
}

function parseTime(call: CallSite): Typed {
  count(call, 2);
  const constants = [constantText(call, 1, 'the format')];
  const [text] = acceptedArgs(call, { takes: ['string', 'string'] });
  return typedCall(call, 'strptime', TIMESTAMP, [text!], { constants });
}

function bin(call: CallSite): Typed {
  count(call, 2);
  const [value, width] = call.args;
  if (isNumeric(value!.type) && isNumeric(width!.type)) return numberBin(call);
  if (!isMoment(value!.type) || width!.type.kind !== 'interval') {
    const message = `\`bin\` wants a number and a width, or a moment and a duration, but ${describeArgument(call, value!)} and ${describeArgument(call, width!)}`;
    throw callError(call, 'wrong-type', message, 'write `bin(delay, 10)` or `bin(time, 5m)`');
  }
  const constants = constantText(call, 1, 'the duration').split(' ');
  if (Number.parseInt(constants[0]!, 10) === 0)
    throw callError(
      call,
      'wrong-arguments',
      'the width of a bin is above 0',
      'write `bin(time, 5m)`',
      width!.span,
    );
  return typedCall(call, 'bin/moment', value!.type, [width!, value!], { constants });
}

const ago = overloads({ key: 'ago', takes: ['interval'], returns: TIMESTAMPTZ });

function add(call: CallSite): Typed {
  const [value, duration] = acceptedArgs(call, { takes: ['moment', 'interval'] });
  return shifted(call, value!, duration!);
}

/** The zone is checked here: the engine's own error would come late, and would not name the place. */
function atTimezone(call: CallSite): Typed {
  count(call, 2);
  const zone = constantText(call, 1, 'the zone');
  const value = momentAt(call, 0);
  if (!TIME_ZONES.has(zone)) {
    const suggestions = suggest(zone, TIME_ZONES);
    throw callError(
      call,
      'wrong-arguments',
      `there is no time zone '${zone}'`,
      didYouMean(suggestions) ?? "write a name like 'Asia/Seoul' or 'UTC'",
      call.args[1]!.span,
    );
  }
  const type = value.type.kind === 'timestamptz' ? TIMESTAMP : TIMESTAMPTZ;
  const moment = type === TIMESTAMP ? value : coerce(value, TIMESTAMP);
  return typedCall(call, 'at_timezone', type, [moment], { constants: [zone] });
}

function part(name: string, summary: string, value: number): FunctionDefinition {
  return {
    name,
    syntax: `${name}(moment)`,
    summary,
    example: [`${name}(timestamp '2020-02-03 04:05:06')`, value],
    raises: 'never',
    resolve: overloads({ key: 'extract', constants: [name], takes: ['moment'], returns: INT64 }),
  };
}

export const functions: readonly FunctionDefinition[] = [
  {
    name: 'now',
    syntax: 'now()',
    summary: 'The moment at which the query began, a timestamptz.',
    example: ["now() > timestamptz '2020-01-01 00:00:00+00'", true],
    resolve: overloads({ key: 'now', takes: [], returns: TIMESTAMPTZ }),
  },
  {
    name: 'ago',
    syntax: 'ago(duration)',
    summary: 'So long before now.',
    example: ['ago(5m) < now()', true],
    resolve: ago,
  },
  {
    name: 'bin',
    syntax: 'bin(x, width)',
    summary: 'The beginning of the bin that x lies in: numbers by a number, moments by a duration.',
    example: ["bin(timestamp '2020-01-01 10:07:30', 5m)", '2020-01-01 10:05:00'],
    resolve: bin,
  },
  {
    name: 'date_trunc',
    syntax: "date_trunc('unit', moment)",
    summary: 'Cut to the unit; the type stays.',
    example: ["date_trunc('month', date '2020-02-03')", '2020-02-01'],
    resolve: truncate,
  },
  {
    name: 'date_diff',
    syntax: "date_diff('unit', from, to)",
    summary: 'How many borders of the unit lie between.',
    example: ["date_diff('day', date '2020-01-31', date '2020-02-02')", 2],
    resolve: difference,
  },
  {
    name: 'date_add',
    syntax: 'date_add(moment, duration)',
    summary: 'The same as `moment + duration`.',
    example: ["date_add(date '2020-01-31', 1mon)", '2020-02-29 00:00:00'],
    resolve: add,
  },
  {
    name: 'strftime',
    syntax: "strftime(moment, 'format')",
    summary: 'As text, by `%Y-%m-%d %H:%M:%S` and the like.',
    example: ["strftime(date '2020-02-03', '%d.%m.%Y')", '03.02.2020'],
    resolve: format,
  },
  {
    name: 'strptime',
    syntax: "strptime(text, 'format')",
    summary: 'A timestamp read from text; an error when it does not fit.',
    example: ["strptime('03.02.2020', '%d.%m.%Y')", '2020-02-03 00:00:00'],
    resolve: parseTime,
  },
  {
    name: 'extract',
    syntax: 'extract(part from moment)',
    summary: `A part as int64 (epoch as float64): ${PARTS.join(', ')}. dow is 0 on Sunday.`,
    example: ["extract(dow from date '2020-02-03')", 1],
    resolve: extract,
  },
  {
    name: 'at_timezone',
    syntax: "at_timezone(moment, 'zone')",
    summary:
      "What the clocks of a zone show at a timestamptz; at a timestamp, the timestamptz at which they show it. A zone is a name of IANA's, such as `Asia/Seoul`, `Europe/Kyiv`, `US/Pacific`.",
    example: ["at_timezone(timestamptz '2020-01-01 00:00:00+00', 'Asia/Seoul')", '2020-01-01 09:00:00'],
    resolve: atTimezone,
  },
  part('year', 'The year.', 2020),
  part('quarter', 'The quarter, 1 to 4.', 1),
  part('month', 'The month, 1 to 12.', 2),
  part('week', 'The ISO week, 1 to 53.', 6),
  part('day', 'The day of the month.', 3),
  part('hour', 'The hour, 0 to 23.', 4),
  part('minute', 'The minute.', 5),
  part('second', 'The whole second.', 6),
];
