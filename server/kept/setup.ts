/** Makes what keeps results: the store, the cache, jobs. Nothing of it is loaded where none is configured. */
import type { Log } from '../../core/logging/log.ts';
import { findBuild } from '../../core/process/build.ts';
import type { ResultsConfig } from '../../core/protocol/results-config.ts';
import { ChangeHearer } from '../cache/change-hearer.ts';
import { Changes } from '../cache/changes.ts';
import { QueryCache } from '../cache/query-cache.ts';
import { JobFiles } from '../jobs/job-files.ts';
import { Jobs } from '../jobs/jobs.ts';
import type { AnswerCache, QueryHandlerDeps } from '../query/handler-deps.ts';
import { CacheCounts } from '../results/cache-counts.ts';
import { ResultStore } from '../results/store.ts';
import type { SharedTier } from '../shared/shared-tier.ts';
import { KeptAnswers } from './kept-answers.ts';

export interface Results {
  readonly config: ResultsConfig;
  readonly store: ResultStore;
  readonly changes: Changes;
  readonly cacheCounts: CacheCounts;
  readonly cache: QueryCache | null;
  /** Hears changes from databases; null where none is to be heard. */
  readonly hearer: ChangeHearer | null;
  /** The answers that other Forklines keep; null where nothing is shared. */
  readonly shared: SharedTier | null;
  readonly jobs: Jobs | null;
  /** Answers queries: as jobs, from the cache, or by running them. */
  readonly answers: AnswerCache;
  /** Writes nothing from now on. */
  freeze(): void;
  close(): Promise<void>;
}

export async function createResults(
  config: ResultsConfig,
  handler: Omit<QueryHandlerDeps, 'cache'>,
  log: Log,
): Promise<Results> {
  const store = new ResultStore({ ...config, log });
  const changes = new Changes(config.dir, log);
  await changes.load();
  // Reading thousands of entries would take CPU that workers need for their own start.
  store.start(() => handler.run.sqlSlots.total > 0);
  const watching = watchOther(changes);
  // The encoders and engines are part of the build.
  const engines = findBuild().id;
  const cacheCounts = new CacheCounts();
  const shared = await sharedTierOf(config, store, changes, log);
  const cache =
    config.cache === null
      ? null
      : new QueryCache({
          ...{ config: config.cache, store, changes, engines, handler, shared },
          counts: cacheCounts,
        });
  const hearer = hearerFor(config, handler, changes, log);
  const jobs =
    config.jobs === null
      ? null
      : new Jobs({
          config: config.jobs,
          maxEntryBytes: config.maxEntryBytes,
          files: new JobFiles(config.dir),
          ...{ store, handler, log },
        });
  await jobs?.start();
  cache?.start();
  hearer?.start();
  shared?.start();
  return {
    shared,
    hearer,
    jobs,
    answers: new KeptAnswers(handler, cache, jobs),
    config,
    store,
    changes,
    cacheCounts,
    cache,
    freeze() {
      cache?.stop();
      hearer?.stop();
      store.freeze();
    },
    async close() {
      clearInterval(watching);
      jobs?.close();
      store.freeze();
      shared?.close();
      await changes.saved();
      await store.close();
    },
  };
}

/** Redis' client is loaded only where answers are shared. */
async function sharedTierOf(
  { cache }: ResultsConfig,
  store: ResultStore,
  changes: Changes,
  log: Log,
): Promise<SharedTier | null> {
  if (cache === null || cache.shared === null) return null;
  const { SharedTier: Tier } = await import('../shared/shared-tier.ts');
  return new Tier({ config: cache.shared, unshared: cache.listen, store, changes, log });
}

function hearerFor(
  { cache }: ResultsConfig,
  { run }: Omit<QueryHandlerDeps, 'cache'>,
  changes: Changes,
  log: Log,
): ChangeHearer | null {
  if (cache === null || cache.listen.length === 0) return null;
  return new ChangeHearer({ names: cache.listen, slots: run.sqlSlots, changes, log });
}

const WATCH_EACH_MS = 1000;
/** A server of an earlier generation has ended by then, or takes no requests. */
const WATCH_FOR_MS = 60_000;

/** Reads the file of changes again and again for a while: after a reload the other generation may still be told some. */
function watchOther(changes: Changes): NodeJS.Timeout {
  const until = performance.now() + WATCH_FOR_MS;
  const timer = setInterval(() => {
    if (performance.now() > until) clearInterval(timer);
    else void changes.load();
  }, WATCH_EACH_MS);
  return timer.unref();
}
