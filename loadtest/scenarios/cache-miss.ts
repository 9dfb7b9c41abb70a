/** Measures the cost of the cache for a query that it does not answer: the server's CPU beside a Forkline without a cache, in turns. */
import { startForkline } from '../contender/start-forkline.ts';
import { cpuMicroseconds, pidOfRole } from '../measure/cpu-time.ts';
import { median } from '../measure/statistics.ts';
import { bodyOf, SMALL_DISTINCT } from '../queries.ts';
import { inTurns, type Scenario } from '../scenario.ts';
import { askMany } from './ask-many.ts';

const QUERIES = 50_000;
const QUICK_QUERIES = 4_000;
const BLOCK = 1000;
/** A number for each connection, which makes its text another one: equal queries at once would be run once, for all. */
const NUMBERS = ['1000000001', '1000000002', '1000000003', '1000000004'];
const MOST_MORE_US = 15;
const WARM_UP_BLOCKS = 6;
/** Nothing is slow enough to be kept, however long the machine holds up a query. */
const CACHE = { cache: { mode: 'on', minMs: 86_400_000 } };
const WITHOUT = 'without a cache';
const WITH = 'with a cache';

export const cacheMiss: Scenario = {
  name: 'cache-miss',
  title: 'a small query that the cache does not answer',
  how: `${QUERIES} queries to each of two Forklines, with and without a cache, in turns of ${BLOCK}; the CPU time of the server from the kernel`,
  needs: { contenders: [], ownServers: true },
  async run(bench, record) {
    const { databaseUrl, children, path, signal } = bench;
    const without = await startForkline({ databaseUrl, children, path });
    const withCache = await startForkline({ databaseUrl, children, path, config: CACHE });
    try {
      const sides = [
        { who: WITHOUT, url: without.url, pid: pidOfRole(without.rootPid!, 'server') },
        { who: WITH, url: withCache.url, pid: pidOfRole(withCache.rootPid!, 'server') },
      ] as const;
      for (const { who, url } of sides)
        await bench.verifier.request({ label: who, url }, 'small', SMALL_DISTINCT, signal);
      const { text, varying, pushdown } = SMALL_DISTINCT;
      const bodies = NUMBERS.map((number) => bodyOf({ text: text.replace(varying!, number), pushdown }));
      const blocks = (bench.quick ? QUICK_QUERIES : QUERIES) / BLOCK;
      let toWarmUp = WARM_UP_BLOCKS * sides.length;
      await inTurns(
        { ...bench, rounds: blocks + WARM_UP_BLOCKS },
        sides,
        ({ who }) => who,
        async ({ who, url, pid }) => {
          const before = cpuMicroseconds(pid);
          await askMany({ url, bodies, queries: BLOCK, signal });
          if (toWarmUp-- <= 0)
            record.add(who, 'CPU of the server, a query', 'us', (cpuMicroseconds(pid) - before) / BLOCK);
        },
      );
      await expectMisses(withCache.url, blocks * BLOCK, signal);
    } finally {
      await without.stop();
      await withCache.stop();
    }
    const costsOf = (who: string): readonly number[] =>
      record.series.find((series) => series.who === who)?.values ?? [];
    const [withoutCosts, withCosts] = [costsOf(WITHOUT), costsOf(WITH)];
    const more = median(withCosts.map((cost, index) => cost - withoutCosts[index]!));
    record.check({
      what: "more of the server's CPU with a cache, a query",
      value: more,
      unit: 'us',
      bound: 'at-most',
      limit: MOST_MORE_US,
      measured: `${median(withCosts).toFixed(1)} against ${median(withoutCosts).toFixed(1)} us, median of the pairs of ${withCosts.length} blocks of ${BLOCK}`,
    });
  },
};

/** Throws when the cache was not asked, or has answered. */
async function expectMisses(url: string, queries: number, signal: AbortSignal): Promise<void> {
  const text = await (await fetch(`${url}/metrics`, { signal })).text();
  const count = (pattern: RegExp): number =>
    [...text.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0);
  const misses = count(/^forkline_cache_misses_total\{[^}]*\} (\d+)$/gm);
  const hits = count(/^forkline_cache_hits_total\{[^}]*\} (\d+)$/gm);
  if (misses < queries || hits > 0) throw new Error(`the cache counted ${misses} misses and ${hits} hits`);
}
