/** A hundred clients that ask the same slow query at once: it must run once in the database, and all get its answer. */
import { startForkline } from '../contender/start-forkline.ts';
import { percentile } from '../measure/statistics.ts';
import type { Scenario } from '../scenario.ts';
import { ask, type QueryAnswer } from '../verify.ts';
import { KEEPS_EVERYTHING } from './cache-hit.ts';

const CLIENTS = 100;
const SLEEP_SECONDS = 1;

export const singleFlight: Scenario = {
  name: 'single-flight',
  title: `${CLIENTS} clients with the same query of ${SLEEP_SECONDS} s at once`,
  how: 'each run gives another random number: the different answers are counted; beside it, the time until all were answered',
  needs: { contenders: [], ownServers: true },
  async run(bench, record) {
    const { databaseUrl, children, path, signal, rounds } = bench;
    const forkline = await startForkline({ databaseUrl, children, path, config: KEEPS_EVERYTHING });
    try {
      for (let round = 0; round < rounds; round++) {
        signal.throwIfAborted();
        bench.progress(`round ${round + 1} of ${rounds}`);
        const body = JSON.stringify({
          query: `set cache = 1h; select ${round} as round, random() as number, pg_sleep(${SLEEP_SECONDS})::text as slept`,
        });
        const startedAt = performance.now();
        const answers = await Promise.all(
          Array.from({ length: CLIENTS }, () => ask(forkline.url, body, AbortSignal.any([signal]))),
        );
        record.add(forkline.label, 'all answered', 's', (performance.now() - startedAt) / 1000);
        record.add(forkline.label, 'runs in the database', 'runs', differentRows(answers));
      }
    } finally {
      await forkline.stop();
    }
    const runs = record.series.find(({ what }) => what === 'runs in the database')?.values ?? [];
    const most = percentile(runs, 100);
    const seconds = record.median(forkline.label, 'all answered');
    record.check({
      what: `runs in the database of ${CLIENTS} identical queries at once`,
      value: most,
      unit: 'runs',
      bound: 'at-most',
      limit: 1,
      measured: `${most} at most in ${runs.length} rounds; all answered after ${seconds.toFixed(2)} s`,
    });
  },
};

function differentRows(answers: readonly QueryAnswer[]): number {
  return new Set(answers.map(({ rows }) => JSON.stringify(rows))).size;
}
