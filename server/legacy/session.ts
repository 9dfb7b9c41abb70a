/** A session of the older engine's API: a job with a number as its name, which is read part by part. */
import type { Column } from '../../core/protocol/types.ts';
import type { Job, JobSession } from '../jobs/job.ts';
import type { Part } from '../jobs/parts.ts';
import type { LegacyQuery } from './bodies.ts';

const DEFAULT_SIZE = 500;
const FRACTION_DIGITS = 5;

/** Returns a new session: its name is that of the moment, and not one of `isTaken`. */
export function newSession(
  { size = DEFAULT_SIZE, fetch_size: factor }: LegacyQuery,
  isTaken: (sid: string) => boolean,
): JobSession {
  const pageRows = size === null ? null : size * (factor ?? 1);
  for (;;) {
    // The last digit is not 0, so that the number is written with all of its digits everywhere.
    const fraction =
      10 * Math.floor(Math.random() * 10 ** (FRACTION_DIGITS - 1)) + 1 + Math.floor(Math.random() * 9);
    const sid = `${Math.floor(Date.now() / 1000)}.${String(fraction).padStart(FRACTION_DIGITS, '0')}`;
    if (!isTaken(sid)) return { sid, pageRows, position: 0 };
  }
}

/** The next part of a session's rows. */
export interface NextPart {
  /** null: all rows. */
  readonly part: Part | null;
  readonly isEnd: boolean;
  /** The place of the first row behind it. */
  readonly position: number;
  readonly status: { readonly current: number; readonly total: number };
}

export function nextPart({ rows, session }: Job): NextPart {
  const total = rows ?? 0;
  const { pageRows, position } = session!; // only jobs with a session are read so
  if (pageRows === null)
    return { part: null, isEnd: true, position: total, status: { current: 1, total: 1 } };
  const end = Math.min(total, position + pageRows);
  const parts = Math.max(1, Math.ceil(total / pageRows));
  return {
    part: { offset: position, limit: pageRows },
    isEnd: end >= total,
    position: end,
    status: { current: Math.max(1, Math.ceil(end / pageRows)), total: parts },
  };
}

/** Returns the columns as the older engine told them: it knew numbers and texts. */
export function legacyFields(
  columns: readonly Column[],
): readonly { name: string; type: 'string' | 'number' }[] {
  return columns.map(({ name, type: { kind } }) => ({
    name,
    type: kind === 'int64' || kind === 'float64' || kind === 'decimal' ? 'number' : 'string',
  }));
}
