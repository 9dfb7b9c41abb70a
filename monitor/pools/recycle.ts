/**
 * Decides which SQL worker has lived long enough, by queries, age or memory. The limits of each worker differ from the
 * configured ones by up to 10 %, so that workers that started together are not replaced together. Only one is replaced at a
 * time, and only while all are ready. Pure.
 */
import type { RecycleLimit } from '../../core/protocol/monitor.ts';

export interface RecycleRow {
  readonly workerId: string;
  readonly ready: boolean;
  /** Whether its successor is starting, or it finishes its last queries. */
  readonly leaving: boolean;
  readonly ageMs: number;
  readonly queriesServed: number;
  readonly rssBytes: number | null;
  /** The factor by which its limits differ from the configured ones: 0.9 to 1.1. */
  readonly tolerance: number;
}

export interface RecyclePolicy {
  readonly maxQueriesPerWorker: number;
  readonly maxAgeMs: number;
  readonly maxRssBytes: number;
}

export interface RecycleDecision {
  readonly workerId: string;
  readonly limit: RecycleLimit;
  readonly reason: string;
}

const JITTER = 0.1;

/** Returns the factor for a random number from 0 to 1. */
export function toleranceOf(random: number): number {
  return 1 - JITTER + 2 * JITTER * random;
}

/** Returns the worker that is furthest over its limit; null when none is, or when none may be replaced now. */
export function decideRecycle(rows: readonly RecycleRow[], policy: RecyclePolicy): RecycleDecision | null {
  if (rows.some(({ ready, leaving }) => leaving || !ready)) return null;
  const worn = rows.flatMap((row) => wearOf(row, policy)).sort((a, b) => b.wear - a.wear);
  return worn[0]?.decision ?? null;
}

function wearOf(row: RecycleRow, policy: RecyclePolicy): { wear: number; decision: RecycleDecision }[] {
  const { workerId, ageMs, queriesServed, rssBytes } = row;
  const of = (limit: RecycleLimit, value: number, max: number, reason: string) => ({
    wear: value / (max * row.tolerance),
    decision: { workerId, limit, reason },
  });
  return [
    of('queries', queriesServed, policy.maxQueriesPerWorker, `served ${queriesServed} queries`),
    of('age', ageMs, policy.maxAgeMs, `is ${Math.round(ageMs / 1000)} s old`),
    of(
      'rss',
      rssBytes ?? 0,
      policy.maxRssBytes,
      `has ${Math.round((rssBytes ?? 0) / 1024 ** 2)} MiB resident`,
    ),
  ].filter(({ wear }) => wear >= 1);
}
