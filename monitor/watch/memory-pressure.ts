/**
 * The rule for short memory, a pure function. From the first threshold on, only indispensable processes are started. From the
 * second on, the biggest query is ended, one at a time, with a pause in which its memory is freed before the next is chosen.
 *
 *   normal --used >= stopForkPercent--> high --used >= killPercent--> critical
 *   high --used < stopForkPercent - 5--> normal        critical --used < killPercent--> high
 */
import type { MemoryReading } from '../../core/protocol/monitor.ts';

export interface PressurePolicy {
  readonly stopForkPercent: number;
  readonly killPercent: number;
  /** The time between the end of one query and the choice of the next. */
  readonly settleMs: number;
}

export type PressureLevel = 'normal' | 'high' | 'critical';

export interface PressureState {
  readonly level: PressureLevel;
  readonly lastVictimAtMs: number | null;
}

/** A query that can be ended to free memory, with the memory of its worker. */
export interface Candidate {
  readonly workerId: string;
  readonly queryId: string;
  readonly rssBytes: number;
}

export interface PressureDecision {
  readonly state: PressureState;
  readonly mayFork: boolean;
  readonly victim: (Candidate & { readonly reason: string }) | null;
}

export const calm: PressureState = { level: 'normal', lastVictimAtMs: null };

/** The percentage by which memory must fall below the threshold before starts are allowed again, so that the level does not change all the time. */
const HYSTERESIS_PERCENT = 5;

/** Returns the new state and the decision; without a reading nothing changes. `endingOne` says that a worker is being ended already. */
export function decidePressure(
  state: PressureState,
  reading: MemoryReading | null,
  candidates: readonly Candidate[],
  endingOne: boolean,
  policy: PressurePolicy,
  nowMs: number,
): PressureDecision {
  if (reading === null) return { state, mayFork: state.level === 'normal', victim: null };
  const percent = (reading.usedBytes / reading.totalBytes) * 100;
  const level = nextLevel(state.level, percent, policy);
  const mayFork = level === 'normal';
  const settled = state.lastVictimAtMs === null || nowMs - state.lastVictimAtMs >= policy.settleMs;
  const [biggest] = [...candidates].sort((a, b) => b.rssBytes - a.rssBytes);
  if (level !== 'critical' || !settled || endingOne || biggest === undefined)
    return { state: { ...state, level }, mayFork, victim: null };
  const reason =
    `the server is short of memory (${Math.round(percent)} % in use), ` +
    `and this query was the biggest with ${Math.round(biggest.rssBytes / 1024 ** 2)} MiB`;
  return { state: { level, lastVictimAtMs: nowMs }, mayFork, victim: { ...biggest, reason } };
}

function nextLevel(level: PressureLevel, percent: number, policy: PressurePolicy): PressureLevel {
  if (percent >= policy.killPercent) return 'critical';
  if (percent >= policy.stopForkPercent) return 'high';
  const lowEnough = percent < policy.stopForkPercent - HYSTERESIS_PERCENT;
  return level === 'normal' || lowEnough ? 'normal' : 'high';
}
