/**
 * Dates and times in a row: a byte of length, then year (2 bytes), month, day, hours, minutes, seconds, and microseconds (4),
 * of which zeros at the end are left out; a time has a sign and days (4) in place of the date.
 */
import { badTime, zeroDate } from './bad-values.ts';

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** With ALLOW_INVALID_DATES a table may hold the 31st of any month. */
function daysOfMonth(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && isLeap ? 29 : DAYS[month - 1]!;
}

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');

/** Throws bad-value when the date at `at` is none: one with a zero in it, or the 31st of a shorter month. */
export function checkDate(bytes: Buffer, at: number, name: string): void {
  if (bytes[at] === 0) throw zeroDate(name, '0000-00-00');
  const year = bytes[at + 1]! | (bytes[at + 2]! << 8);
  const month = bytes[at + 3]!;
  const day = bytes[at + 4]!;
  // Every month has 28 days.
  if (year === 0 || month === 0 || day === 0 || (day > 28 && day > daysOfMonth(year, month)))
    throw zeroDate(name, `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`);
}

/** Throws bad-value when the time at `at` is below 0 or has 24 hours or more. */
export function checkTime(bytes: Buffer, at: number, name: string): void {
  if (bytes[at] === 0) return;
  const days = bytes.readUInt32LE(at + 2);
  const isNegative = bytes[at + 1] === 1;
  if (!isNegative && days === 0) return;
  const hours = days * 24 + bytes[at + 6]!;
  throw badTime(
    name,
    `${isNegative ? '-' : ''}${pad(hours, 2)}:${pad(bytes[at + 7]!, 2)}:${pad(bytes[at + 8]!, 2)}`,
  );
}

/** The days from 1970-01-01 to 2000-01-01, and from 0000-03-01 to 1970-01-01. */
const EPOCH_DAYS = 10_957;
const ERA_DAYS = 719_468;

/** Returns the days from 2000-01-01 to the date at `at`, which `checkDate` has seen. */
export function daysOf(bytes: Buffer, at: number): number {
  const month = bytes[at + 3]!;
  const year = (bytes[at + 1]! | (bytes[at + 2]! << 8)) - (month <= 2 ? 1 : 0);
  const era = (year / 400) | 0;
  const yearOfEra = year - era * 400;
  const dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) | 0) + bytes[at + 4]! - 1;
  const dayOfEra = yearOfEra * 365 + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0) + dayOfYear;
  return era * 146_097 + dayOfEra - ERA_DAYS - EPOCH_DAYS;
}

/** The clock of a datetime begins behind its date; that of a time behind its sign and days. */
export const DATETIME_CLOCK = 4;
export const TIME_CLOCK = 5;

/** Returns the seconds of the clock, which begins `clock` bytes behind the length at `at`. */
export function secondsOf(bytes: Buffer, at: number, clock: number): number {
  if (bytes[at]! <= clock) return 0;
  const first = at + 1 + clock;
  return bytes[first]! * 3600 + bytes[first + 1]! * 60 + bytes[first + 2]!;
}

export function microsOf(bytes: Buffer, at: number, clock: number): number {
  return bytes[at]! <= clock + 3 ? 0 : bytes.readUInt32LE(at + 1 + clock + 3);
}
