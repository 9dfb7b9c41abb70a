/** Reads the command line of `forkline logs`, and moments such as `15m` ago. */
import { parseCount } from './kit/count-argument.ts';
import { UsageError } from './kit/usage-error.ts';
import type { LogsCommand } from './logs.ts';

interface Values {
  readonly query?: string | undefined;
  readonly level?: string | undefined;
  readonly since?: string | undefined;
  readonly limit?: string | undefined;
  readonly summary?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** Throws UsageError. */
export function logsCommand(values: Values, nowMs: number): LogsCommand {
  const { query = null, level = null, summary = false, json = false } = values;
  if (summary && (query !== null || level !== null))
    throw new UsageError('--summary is of all queries and levels; leave out --query and --level');
  const since = values.since === undefined ? null : parseSince(values.since, nowMs);
  return { query, level, since, limit: parseCount('limit', values.limit), summary, json };
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Returns the moment as ISO 8601. */
export function parseSince(given: string, nowMs: number): string {
  const ago = /^(\d{1,9})([smhd])$/.exec(given);
  // Date.parse alone would take "5" for a day in May 2001.
  const isDate = /^\d{4}-\d\d/.test(given);
  const ms = ago === null ? (isDate ? Date.parse(given) : NaN) : nowMs - Number(ago[1]) * UNIT_MS[ago[2]!]!;
  const time = new Date(ms);
  if (!Number.isNaN(time.getTime())) return time.toISOString();
  throw new UsageError(`--since must be a time (2026-01-31T12:00:00Z) or how long ago (15m), not "${given}"`);
}
