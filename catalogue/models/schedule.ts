/**
 * When the rows of a model are made anew: again and again (`10m`, `every 10m`), or at times in the five fields of cron, in UTC or in
 * the time zone that follows them (`0 6 * * 1-5 Asia/Seoul`).
 */
import { Cron } from 'croner';
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

/** The five fields, and the zone when there is one. */
const TIMES = /^(\S+(?:\s+\S+){4})(?:\s+(\S+))?$/;

/** Returns null for a text that is no schedule, and for times that never come. */
export function readSchedule(text: string): Schedule | null {
  const everyMs = durationMs(text.replace(/^every\s+/, ''));
  if (everyMs !== null) return { kind: 'every', everyMs };
  const [, fields, timezone = 'UTC'] = TIMES.exec(text.trim()) ?? [];
  if (fields === undefined) return null;
  try {
    const times = new Cron(fields, { timezone, mode: '5-part', domAndDow: hasAnyDay(fields), paused: true });
    if (times.nextRun() === null) return null;
    return { kind: 'at', isAt: (unixMs) => times.match(new Date(unixMs)) };
  } catch {
    return null; // a field or the zone is wrong
  }
}

/** Says whether one of the two days is any, with a step or without: as in cron, either of them is enough where both are given. */
function hasAnyDay(fields: string): boolean {
  const [, , day, , weekday] = fields.split(/\s+/);
  return day!.startsWith('*') || weekday!.startsWith('*');
}
