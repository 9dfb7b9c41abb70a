/** Checks the text of dates, times and timestamps while compiling, so that a wrong literal is an error with a place. */

const DATE_TEXT = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME_TEXT = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,6})?)?$/;
const TIMESTAMP_TEXT =
  /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)(Z|[+-]\d{2}(?::?\d{2})?)?$/;
const UUID_TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export type MomentKind = 'date' | 'time' | 'timestamp' | 'timestamptz';

/** The narrowest moment type that `text` writes, or null when it writes none. */
export function momentKind(text: string): MomentKind | null {
  if (isDate(text)) return 'date';
  if (isTime(text)) return 'time';
  const parts = TIMESTAMP_TEXT.exec(text);
  if (parts === null || !isDate(parts[1]!) || !isTime(parts[2]!)) return null;
  return parts[3] === undefined ? 'timestamp' : 'timestamptz';
}

export function isUuid(text: string): boolean {
  return UUID_TEXT.test(text);
}

/** Text of a timestamp in the one form that every dialect reads alike. */
export function normalMoment(text: string): string {
  return text.replace('T', ' ').replace(/Z$/, '+00');
}

function isDate(text: string): boolean {
  const parts = DATE_TEXT.exec(text);
  if (parts === null) return false;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  if (month < 1 || month > 12 || year < 1) return false;
  return day >= 1 && day <= new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}

function isTime(text: string): boolean {
  const parts = TIME_TEXT.exec(text);
  return parts !== null && Number(parts[1]) < 24 && Number(parts[2]) < 60 && Number(parts[3] ?? 0) < 60;
}
