/** Judges a kept answer by two clocks: its age, and the last known change of what it was made from. */
import type { IndexedEntry } from '../results/store-index.ts';
import type { Changes } from './changes.ts';
import type { RequestControl } from './request-control.ts';

export interface Freshness {
  readonly ageMs: number;
  /** The time since the answer became stale; null while it is fresh. */
  readonly staleMs: number | null;
}

/** An entry from the future by more than this was kept while the clock was wrong. */
const CLOCK_TOLERANCE_MS = 1000;

/** Tells whether an answer may be sent that has been stale for `staleMs`. With nothing allowed it may not, in the very moment of a change either. */
export function mayBeSent(staleMs: number, allowedMs: number): boolean {
  return staleMs < allowedMs;
}

export function freshnessOf(entry: IndexedEntry, changes: Changes, control: RequestControl): Freshness {
  const { description, knownAtMs, ageWhenKnownMs } = entry;
  const byWallClock = Date.now() - description.startedAt;
  // The wall clock may have been set back since; the monotonic one runs only while this process does.
  const ageMs = Math.max(byWallClock, ageWhenKnownMs + performance.now() - knownAtMs);
  if (byWallClock < -CLOCK_TOLERANCE_MS) return { ageMs, staleMs: Number.POSITIVE_INFINITY };
  const changedAt = changes.lastFor(description);
  const sinceChange = changedAt > description.asOf ? Math.max(0, Date.now() - changedAt) : null;
  const allowedMs = Math.min(description.maxAgeMs, control.maxAgeMs ?? Number.POSITIVE_INFINITY);
  const sinceExpiry = ageMs > allowedMs ? ageMs - allowedMs : null;
  if (sinceChange === null && sinceExpiry === null) return { ageMs, staleMs: null };
  return { ageMs, staleMs: Math.max(sinceChange ?? 0, sinceExpiry ?? 0) };
}
