/**
 * Texts of dates, times and intervals as the numbers of the wire: days and microseconds from 2000-01-01, or from midnight. All
 * of them throw bad-value for a text that is none; `column` is named in the error.
 */
import { notValid } from './not-valid.ts';

const MS_OF_DAY = 86_400_000;
const MICROS_OF_DAY = 86_400_000_000;
const EPOCH_DAYS = Date.UTC(2000, 0, 1) / MS_OF_DAY;
const INT32_MAX = 2 ** 31 - 1;
const INT32_MIN = -(2 ** 31);
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

const DATE = String.raw`(\d{4,7})-(\d\d)-(\d\d)`;
const TIME = String.raw`(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?`;
const ZONE = String.raw`(Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)`;
const DATE_TEXT = new RegExp(`^${DATE}( BC)?$`);
const TIME_TEXT = new RegExp(`^${TIME}$`);
const TIMESTAMP_TEXT = new RegExp(`^${DATE}[ T]${TIME}( BC)?$`);
const INSTANT_TEXT = new RegExp(`^${DATE}[ T]${TIME}${ZONE}( BC)?$`);

export function dateOf(text: string, column: string): number {
  if (text === 'infinity') return INT32_MAX;
  if (text === '-infinity') return INT32_MIN;
  const found = DATE_TEXT.exec(text);
  const days = found === null ? null : daysOf(found[1]!, found[2]!, found[3]!, found[4]);
  return days ?? refuse(text, column, 'date');
}

export function timeOf(text: string, column: string): number {
  const found = TIME_TEXT.exec(text);
  const micros = found === null ? null : microsOf(found[1]!, found[2]!, found[3], found[4]);
  return micros ?? refuse(text, column, 'time');
}

export function timestampOf(text: string, column: string): number | bigint {
  if (text === 'infinity') return INT64_MAX;
  if (text === '-infinity') return INT64_MIN;
  const found = TIMESTAMP_TEXT.exec(text);
  if (found === null) return refuse(text, column, 'timestamp');
  const days = daysOf(found[1]!, found[2]!, found[3]!, found[8]);
  const micros = microsOf(found[4]!, found[5]!, found[6], found[7]);
  if (days === null || micros === null) return refuse(text, column, 'timestamp');
  return momentOf(days, micros) ?? refuse(text, column, 'timestamp');
}

/** The zone is an offset or `Z`. */
export function instantOf(text: string, column: string): number | bigint {
  if (text === 'infinity') return INT64_MAX;
  if (text === '-infinity') return INT64_MIN;
  const found = INSTANT_TEXT.exec(text);
  if (found === null) return refuse(text, column, 'timestamptz');
  const days = daysOf(found[1]!, found[2]!, found[3]!, found[9]);
  const micros = microsOf(found[4]!, found[5]!, found[6], found[7]);
  if (days === null || micros === null) return refuse(text, column, 'timestamptz');
  return momentOf(days, micros - offsetOf(found[8]!)) ?? refuse(text, column, 'timestamptz');
}

interface Interval {
  readonly micros: bigint;
  readonly days: number;
  readonly months: number;
}

const INTERVAL_TEXT =
  /^(?:([+-]?\d+) years? ?)?(?:([+-]?\d+) mons? ?)?(?:([+-]?\d+) days? ?)?(?:([+-])?(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?$/;

/** As PostgreSQL prints it: `1 year 2 mons 3 days 04:05:06.789`. */
export function intervalOf(text: string, column: string): Interval {
  const found = INTERVAL_TEXT.exec(text);
  if (found === null || text === '') return refuse(text, column, 'interval');
  const [, years = '0', mons = '0', days = '0', sign, hours = '0', minutes = '0', seconds = '0', part] =
    found;
  const whole = (BigInt(hours) * 60n + BigInt(minutes)) * 60n + BigInt(seconds);
  const micros = whole * 1_000_000n + BigInt(fractionOf(part));
  const months = 12 * Number(years) + Number(mons);
  const isInside = months >= INT32_MIN && months <= INT32_MAX && Math.abs(Number(days)) <= INT32_MAX;
  if (!isInside || micros > INT64_MAX) return refuse(text, column, 'interval');
  return { micros: sign === '-' ? -micros : micros, days: Number(days), months };
}

/** null: there is no such day. */
function daysOf(year: string, month: string, day: string, bc: string | undefined): number | null {
  const shown = Number(year);
  if (shown === 0) return null;
  const date = new Date(0);
  // Not Date.UTC, which takes the years 0 to 99 for others.
  date.setUTCFullYear(bc === undefined ? shown : 1 - shown, Number(month) - 1, Number(day));
  const isSame = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  return isSame ? date.getTime() / MS_OF_DAY - EPOCH_DAYS : null;
}

/** null: there is no such time. 24:00:00 is the end of a day. */
function microsOf(
  hours: string,
  minutes: string,
  seconds: string | undefined,
  fraction: string | undefined,
): number | null {
  const second = Number(seconds ?? 0);
  if (Number(minutes) > 59 || second > 59) return null;
  const micros = ((Number(hours) * 60 + Number(minutes)) * 60 + second) * 1e6 + fractionOf(fraction);
  return micros > MICROS_OF_DAY ? null : micros;
}

function fractionOf(digits: string | undefined): number {
  return digits === undefined ? 0 : Number(digits.padEnd(6, '0'));
}

/** null: no moment of 64 bits. */
function momentOf(days: number, micros: number): number | bigint | null {
  const sum = days * MICROS_OF_DAY + micros;
  if (Number.isSafeInteger(sum)) return sum;
  const exact = BigInt(days) * BigInt(MICROS_OF_DAY) + BigInt(micros);
  return exact > INT64_MIN && exact < INT64_MAX ? exact : null;
}

function offsetOf(zone: string): number {
  if (zone === 'Z') return 0;
  const digits = zone.replace(/[+:-]/g, '');
  const [hours, minutes, seconds] = [0, 2, 4].map((at) => Number(digits.slice(at, at + 2)));
  const micros = ((hours! * 60 + minutes!) * 60 + seconds!) * 1e6;
  return zone.startsWith('-') ? -micros : micros;
}

function refuse(text: string, column: string, type: string): never {
  throw notValid(column, text, type);
}
