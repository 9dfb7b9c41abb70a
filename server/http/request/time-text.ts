/** A time as a client writes it: ISO 8601 to the letter, since Date.parse makes some date of almost anything. */

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/**
 * The time in ISO 8601 with milliseconds, UTC; null for a text that is no time. A day alone begins at midnight; what
 * names no zone is UTC, as everything in the log is.
 */
export function readTime(text: string): string | null {
  const match = ISO.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] =
    match as unknown as string[];
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}`;
  const time = new Date(`${local}Z`);
  // 30 February and 24:00 become other days: then the text is not what it says.
  if (Number.isNaN(time.getTime()) || time.toISOString() !== `${local}Z`) return null;
  const offsetMs = zoneMs(zone);
  return offsetMs === null ? null : new Date(time.getTime() - offsetMs).toISOString();
}

const MINUTE_MS = 60_000;

function zoneMs(zone: string): number | null {
  if (zone.toUpperCase() === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(':', '') || 0);
  if (hours > 23 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * MINUTE_MS;
}
