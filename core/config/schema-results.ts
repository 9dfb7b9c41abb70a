/** The options of results that are kept: the store on disk, the cache, and jobs. */
import { choice, GIB, group, KIB, list, MIB, number, optionalPath, size, text } from './option.ts';

const DAY_MS = 86_400_000;

export function resultsOptions() {
  return group({
    maxBytes: size('FORKLINE_RESULTS_MAX_BYTES', 'Disk for kept results.', MIB, GIB),
    maxEntries: number('FORKLINE_RESULTS_MAX_ENTRIES', 'Kept results.', 1, 1_000_000, 10_000),
    maxEntryBytes: size('FORKLINE_RESULTS_MAX_ENTRY_BYTES', 'Largest answer that is kept.', KIB, 64 * MIB),
    memoryBytes: size(
      'FORKLINE_RESULTS_MEMORY_BYTES',
      'Memory for kept answers that were sent lately; one takes an eighth of it at most.',
      0,
      32 * MIB,
    ),
  });
}

export function cacheOptions() {
  return group({
    mode: choice(
      'FORKLINE_CACHE',
      'Whether answers of slow queries are kept and sent again (docs/results.md).',
      ['off', 'on'],
      'off',
    ),
    minMs: number(
      'FORKLINE_CACHE_MIN_MS',
      'A query that takes at least so long is slow: its answer is kept.',
      0,
      DAY_MS,
      500,
    ),
    maxAgeMs: number('FORKLINE_CACHE_MAX_AGE_MS', 'Age to which an answer is fresh.', 0, 31 * DAY_MS, 60_000),
    staleWhileRevalidateMs: number(
      'FORKLINE_CACHE_STALE_WHILE_REVALIDATE_MS',
      'How long an answer that is no more fresh is still sent while it is made anew.',
      0,
      31 * DAY_MS,
      0,
    ),
    staleIfErrorMs: number(
      'FORKLINE_CACHE_STALE_IF_ERROR_MS',
      'How long an answer that is no more fresh is sent when making it anew fails.',
      0,
      31 * DAY_MS,
      0,
    ),
    listen: list(
      'FORKLINE_CACHE_LISTEN',
      'Connections whose PostgreSQL tells changes of its tables (`forkline cache trigger`), so that answers made before are stale at once.',
      'names of connections',
      ['main'],
      (name) => name !== '',
    ),
    redisUrl: text(
      'FORKLINE_CACHE_REDIS_URL',
      'A Redis by which several Forklines share kept answers: a URL, `env:NAME` or `file:PATH`.',
      'redis://redis.example.com:6379',
    ),
    redisKey: text(
      'FORKLINE_CACHE_REDIS_KEY',
      'The secret with which Forklines sign what they put into Redis, 32 characters at least: `env:NAME` or `file:PATH`.',
      'env:CACHE_REDIS_KEY',
    ),
    redisTimeoutMs: number(
      'FORKLINE_CACHE_REDIS_TIMEOUT_MS',
      'The most that a query waits for Redis; after that it runs.',
      1,
      10_000,
      200,
    ),
    redisMaxValueBytes: size(
      'FORKLINE_CACHE_REDIS_MAX_VALUE_BYTES',
      'Largest answer, as it is stored, that is put into Redis.',
      KIB,
      4 * MIB,
    ),
    rulesFile: optionalPath(
      'FORKLINE_CACHE_RULES_FILE',
      'The file with rules by connection and shape of the query (docs/results.md).',
      './forkline.cache.json',
    ),
  });
}

export function jobsOptions() {
  return group({
    mode: choice(
      'FORKLINE_JOBS',
      'Whether a query may run as a job, whose result is fetched later (docs/results.md).',
      ['off', 'on'],
      'off',
    ),
    legacyApi: choice(
      'FORKLINE_JOBS_LEGACY_API',
      "Whether jobs answer at the older engine's addresses too (docs/legacy-api.md).",
      ['off', 'on'],
      'off',
    ),
    maxTimeoutMs: number(
      'FORKLINE_JOBS_MAX_TIMEOUT_MS',
      'The most time that a job may ask for.',
      1,
      7 * DAY_MS,
      4 * 3_600_000,
    ),
    keepMs: number(
      'FORKLINE_JOBS_KEEP_MS',
      'How long the result of a job is kept after its end.',
      1000,
      31 * DAY_MS,
      DAY_MS,
    ),
    perPrincipal: number('FORKLINE_JOBS_PER_PRINCIPAL', 'Jobs of one client that run at once.', 1, 10_000, 4),
    bytesPerPrincipal: size(
      'FORKLINE_JOBS_BYTES_PER_PRINCIPAL',
      'Disk for the kept results of one client.',
      KIB,
      256 * MIB,
    ),
  });
}
