/** Counts what the cache does, for metrics and GET /v1/cache. */

/** Reasons for which an answer is not kept. */
export type NotKept = 'forbidden' | 'volatile' | 'unknown' | 'fast' | 'too-large' | 'disk' | 'changed';
export type HitKind = 'fresh' | 'stale' | 'stale-if-error' | 'not-modified' | 'shared';
export type MissReason = 'absent' | 'stale' | 'no-cache' | 'no-store' | 'damaged' | 'rights' | 'models';

export class CacheCounts {
  readonly hits: Record<HitKind, number> = {
    ...{ fresh: 0, stale: 0, 'stale-if-error': 0, 'not-modified': 0, shared: 0 },
  };
  readonly misses: Record<MissReason, number> = {
    ...{ absent: 0, stale: 0, 'no-cache': 0, 'no-store': 0, damaged: 0, rights: 0, models: 0 },
  };
  readonly notKept: Record<NotKept, number> = {
    ...{ forbidden: 0, volatile: 0, unknown: 0, fast: 0, 'too-large': 0, disk: 0, changed: 0 },
  };
  kept = 0;
  savedMs = 0;
  purges = 0;
  handOvers = 0;
  refreshes = { succeeded: 0, failed: 0 };
}
