/** Reads a time that a client wrote. Only strict ISO 8601 is accepted, since Date.parse makes a date of almost any text. */

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/**
 * Returns the time in ISO 8601 with milliseconds, in UTC; null for a text that is not a time. A date alone means midnight;
 * a time without a zone is UTC, like all times in the log.
 */
export function readTime(text: string): string | null {
  const match = ISO.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] =
    match as unknown as string[];
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}`;
  const time = new Date(`${local}Z`);
  // Date turns 30 February and 24:00 into other days; comparing the texts finds them.
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
