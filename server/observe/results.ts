/** The metrics of results that are kept: the store on disk, and the cache. */
import type { Registry } from 'prom-client';
import type { CacheCounts } from '../results/cache-counts.ts';
import type { ResultStore } from '../results/store.ts';
import { type Define, defineCounters, defineGauges, type Labels } from './metric-kinds.ts';

export interface WatchedResults {
  readonly config: { readonly maxBytes: number; readonly maxEntries: number };
  readonly store: Pick<ResultStore, 'bytes' | 'size' | 'memoryBytes' | 'counts'>;
  readonly cacheCounts: CacheCounts;
  readonly cache: { readonly flights: number } | null;
  readonly shared: {
    readonly isUsable: boolean;
    readonly looked: Readonly<Record<string, number>>;
    readonly put: Readonly<Record<string, number>>;
  } | null;
  readonly hearer: { readonly changes: number; readonly unheard: readonly string[] } | null;
  readonly jobs: { readonly counts: { readonly running: number; readonly kept: number } } | null;
}

export function addResultMetrics(register: Registry, results: WatchedResults): void {
  const gauge = defineGauges(register);
  const counter = defineCounters(register);
  addStore(gauge, counter, results);
  addCache(gauge, counter, results);
  addChanges(gauge, counter, results);
  addShared(gauge, counter, results);
  gauge(
    'forkline_jobs',
    'Jobs that this server runs, and those that have ended and are kept',
    ['state'],
    (say) => {
      const { running = 0, kept = 0 } = results.jobs?.counts ?? {};
      say({ state: 'running' }, running);
      say({ state: 'ended' }, kept);
    },
  );
}

function addStore(gauge: Define, counter: Define, { config, store }: WatchedResults): void {
  gauge('forkline_results_entries', 'Results that are kept', [], (say) => say({}, store.size));
  gauge('forkline_results_entries_limit', 'Results that may be kept', [], (say) =>
    say({}, config.maxEntries),
  );
  gauge(
    'forkline_results_bytes',
    'Disk that kept results take, those that are being written included',
    [],
    (say) => say({}, store.bytes),
  );
  gauge('forkline_results_bytes_limit', 'Disk that kept results may take', [], (say) =>
    say({}, config.maxBytes),
  );
  gauge('forkline_results_memory_bytes', 'Memory that kept results take which were sent lately', [], (say) =>
    say({}, store.memoryBytes),
  );
  counter('forkline_results_evictions_total', 'Kept results that were dropped to make room', [], (say) =>
    say({}, store.counts.evictions),
  );
  const troubleHelp =
    'Kept results that were lost: damaged files, failures of the disk, answers over the bound';
  counter('forkline_results_trouble_total', troubleHelp, ['reason'], (say) => {
    say({ reason: 'damaged' }, store.counts.damaged);
    say({ reason: 'disk' }, store.counts.diskFailures);
    say({ reason: 'too-large' }, store.counts.refusals);
  });
}

/** Without a Redis there is nothing of these. */
function addShared(gauge: Define, counter: Define, { shared }: WatchedResults): void {
  const each =
    (label: string, values: Readonly<Record<string, number>>) =>
    (say: (labels: Labels, value: number) => void) => {
      for (const [name, value] of Object.entries(values)) say({ [label]: name }, value);
    };
  gauge('forkline_cache_shared_up', 'Whether kept answers are shared through Redis now', [], (say) => {
    if (shared !== null) say({}, shared.isUsable ? 1 : 0);
  });
  const lookedHelp = 'Answers that were looked for in Redis, by outcome';
  counter(
    'forkline_cache_shared_looked_total',
    lookedHelp,
    ['outcome'],
    each('outcome', shared?.looked ?? {}),
  );
  const putHelp = 'Answers that were put into Redis, by outcome';
  counter('forkline_cache_shared_put_total', putHelp, ['outcome'], each('outcome', shared?.put ?? {}));
}

function addChanges(gauge: Define, counter: Define, { hearer }: WatchedResults): void {
  counter('forkline_cache_changes_heard_total', 'Changes of data that databases told', [], (say) =>
    say({}, hearer?.changes ?? 0),
  );
  const unheardHelp =
    'Connections of cache.listen whose changes are not heard now: no answer of theirs is fresh';
  gauge('forkline_cache_connections_unheard', unheardHelp, [], (say) => say({}, hearer?.unheard.length ?? 0));
}

function addCache(gauge: Define, counter: Define, { cache, cacheCounts: counts }: WatchedResults): void {
  const each =
    (label: string, values: Readonly<Record<string, number>>) =>
    (say: (labels: Labels, value: number) => void) => {
      for (const [name, value] of Object.entries(values)) say({ [label]: name }, value);
    };
  const hitsHelp =
    'Queries that were answered without running: from the store, or with the answer of another query';
  counter('forkline_cache_hits_total', hitsHelp, ['result'], each('result', counts.hits));
  counter(
    'forkline_cache_misses_total',
    'Queries that had to run, by reason',
    ['reason'],
    each('reason', counts.misses),
  );
  const notKeptHelp = 'Answers that were not kept, by reason';
  counter('forkline_cache_not_kept_total', notKeptHelp, ['reason'], each('reason', counts.notKept));
  counter('forkline_cache_kept_total', 'Answers that were kept', [], (say) => say({}, counts.kept));
  counter(
    'forkline_cache_saved_seconds_total',
    'Time that the queries took whose answers were sent again',
    [],
    (say) => say({}, counts.savedMs / 1000),
  );
  counter('forkline_cache_purges_total', 'Changes of data that the cache was told', [], (say) =>
    say({}, counts.purges),
  );
  counter(
    'forkline_cache_hand_overs_total',
    'Queries that ran in place of another one with the same answer',
    [],
    (say) => say({}, counts.handOvers),
  );
  const refreshHelp = 'Stale answers that were made anew in the background';
  counter('forkline_cache_refreshes_total', refreshHelp, ['outcome'], each('outcome', counts.refreshes));
  gauge('forkline_cache_flights', 'Queries that run and whose answers others may wait for', [], (say) =>
    say({}, cache?.flights ?? 0),
  );
}
