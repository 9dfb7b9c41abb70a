/**
 * When the rows of a model are made anew: again and again (`10m`, `every 10m`), or at times in the five fields of cron, in UTC or in
 * the time zone that follows them (`0 6 * * 1-5 Asia/Seoul`).
 *
 *   minute  hour  day of the month  month  day of the week      each: a number, a list, a range, a step, or `*`
 */
import { durationMs } from './duration.ts';

export type Schedule = Every | At;

export interface Every {
  readonly kind: 'every';
  readonly everyMs: number;
}

export interface At {
  readonly kind: 'at';
  /** Tells whether the minute that begins then is one of its times. */
  isAt(unixMs: number): boolean;
}

interface Field {
  readonly least: number;
  readonly most: number;
  /** Words for the numbers from `least` on. */
  readonly words: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const MINUTE: Field = { least: 0, most: 59, words: [] };
const HOUR: Field = { least: 0, most: 23, words: [] };
const DAY: Field = { least: 1, most: 31, words: [] };
const MONTH: Field = { least: 1, most: 12, words: MONTHS };
/** Sunday is 0 and 7. */
const WEEKDAY: Field = { least: 0, most: 7, words: DAYS };
const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const PARTS = 5;

/** Returns null for a text that is no schedule, and for times that never come. */
export function readSchedule(text: string): Schedule | null {
  const everyMs = durationMs(text.replace(/^every\s+/, ''));
  if (everyMs !== null) return { kind: 'every', everyMs };
  const words = text.trim().split(/\s+/);
  if (words.length < PARTS || words.length > PARTS + 1) return null;
  const [minutes, hours, days, months, weekdays] = [MINUTE, HOUR, DAY, MONTH, WEEKDAY].map((field, index) =>
    readField(words[index]!, field),
  );
  const parts = partsIn(words[PARTS] ?? 'UTC');
  if (!minutes || !hours || !days || !months || !weekdays || parts === null) return null;
  if (weekdays.has(7)) weekdays.add(0);
  const [anyDay, anyWeekday] = [words[2]!.startsWith('*'), words[4]!.startsWith('*')];
  if (anyWeekday && ![...months].some((month) => Math.min(...days) <= LONGEST_MONTHS[month - 1]!))
    return null;
  return {
    kind: 'at',
    isAt(unixMs) {
      const { minute, hour, day, month, weekday } = parts(unixMs);
      if (!minutes.has(minute) || !hours.has(hour) || !months.has(month)) return false;
      // As in cron: with both days given, either of them is enough.
      if (!anyDay && !anyWeekday) return days.has(day) || weekdays.has(weekday);
      return days.has(day) && weekdays.has(weekday);
    },
  };
}

/** Returns the numbers that a field stands for; null when it is wrong. */
function readField(text: string, field: Field): Set<number> | null {
  const found = new Set<number>();
  for (const part of text.toLowerCase().split(',')) {
    const [, range, step = '1'] = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(part) ?? [];
    if (range === undefined || Number(step) === 0) return null;
    const ends =
      range === '*' ? [field.least, field.most] : range.split('-').map((end) => numberOf(end, field));
    const [first, last = first] = ends;
    if (ends.length > 2 || first === undefined || first === null || last === null || last === undefined)
      return null;
    // A step needs something to walk over.
    if (first > last || (ends.length === 1 && part.includes('/'))) return null;
    for (let number = first; number <= last; number += Number(step)) found.add(number);
  }
  return found;
}

function numberOf(text: string, { least, most, words }: Field): number | null {
  const word = words.indexOf(text);
  if (word !== -1) return word + least;
  const number = /^\d{1,2}$/.test(text) ? Number(text) : -1;
  return number >= least && number <= most ? number : null;
}

interface Parts {
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  readonly month: number;
  readonly weekday: number;
}

/** Returns a function that reads a clock of the time zone; null when there is no such zone. */
function partsIn(timeZone: string): ((unixMs: number) => Parts) | null {
  if (timeZone === 'UTC') return partsInUtc;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      ...{ timeZone, hourCycle: 'h23', minute: 'numeric', hour: 'numeric' },
      ...{ day: 'numeric', month: 'numeric', weekday: 'short' },
    });
  } catch {
    return null;
  }
  return (unixMs) => {
    const read = Object.fromEntries(format.formatToParts(unixMs).map(({ type, value }) => [type, value]));
    return {
      ...{
        minute: Number(read.minute),
        hour: Number(read.hour),
        day: Number(read.day),
        month: Number(read.month),
      },
      weekday: DAYS.indexOf(read.weekday!.toLowerCase()),
    };
  };
}

function partsInUtc(unixMs: number): Parts {
  const date = new Date(unixMs);
  return {
    minute: date.getUTCMinutes(),
    hour: date.getUTCHours(),
    day: date.getUTCDate(),
    month: date.getUTCMonth() + 1,
    weekday: date.getUTCDay(),
  };
}
