/** The server's slice of the configuration about results that are kept: the store, the cache and jobs. */

/** A rule of `cache.rulesFile`. The first one that fits a query decides. */
export interface CacheRule {
  /** null: any connection. */
  readonly connection: string | null;
  /** The shape of the queries that the rule is for (core/logging/shape.ts); null: any. */
  readonly shape: string | null;
  /** null: answers of these queries are never kept. */
  readonly maxAgeMs: number | null;
  /** Left out here: as `CacheConfig` says. */
  readonly minMs: number | null;
  readonly staleWhileRevalidateMs: number | null;
  readonly staleIfErrorMs: number | null;
  /** Whether an answer is kept even if the query may give another one each time. */
  readonly evenVolatile: boolean;
  /** Names by which entries can be purged. */
  readonly tags: readonly string[];
  /** Runs the query again before its entry is stale, by the rule's own text; null: never. */
  readonly warm: WarmRule | null;
}

export interface WarmRule {
  readonly query: string;
  readonly everyMs: number;
}

export interface CacheConfig {
  /** The time from which on a query counts as slow, so that its answer is kept. */
  readonly minMs: number;
  /** The age to which an answer is fresh. */
  readonly maxAgeMs: number;
  /** The time for which a stale answer is sent while it is made anew. */
  readonly staleWhileRevalidateMs: number;
  /** The time for which a stale answer is sent when making it anew fails. */
  readonly staleIfErrorMs: number;
  /** null: answers are shared with no other Forkline. */
  readonly shared: SharedCacheConfig | null;
  /** The connections whose databases tell changes. */
  readonly listen: readonly string[];
  readonly rules: readonly CacheRule[];
}

/** A Redis by which several Forklines share kept answers. */
export interface SharedCacheConfig {
  readonly url: string;
  /** The secret by which they know what one of them has written. */
  readonly key: string;
  /** The most that a query waits for it. */
  readonly timeoutMs: number;
  readonly maxValueBytes: number;
}

export interface JobsConfig {
  /** Whether jobs answer at the older engine's addresses too. */
  readonly legacyApi: 'off' | 'on';
  readonly maxTimeoutMs: number;
  /** The time for which the result of a job that ended is kept. */
  readonly keepMs: number;
  /** The most jobs of one principal that run at once. */
  readonly perPrincipal: number;
  /** The most bytes of kept results of one principal. */
  readonly bytesPerPrincipal: number;
}

export interface ResultsConfig {
  /** Absolute. */
  readonly dir: string;
  readonly maxBytes: number;
  readonly maxEntries: number;
  readonly maxEntryBytes: number;
  readonly memoryBytes: number;
  /** null: answers are not cached. */
  readonly cache: CacheConfig | null;
  /** null: there are no jobs. */
  readonly jobs: JobsConfig | null;
}
