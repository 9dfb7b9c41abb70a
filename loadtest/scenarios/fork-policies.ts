/**
 * Measures the cost of a process for each query: a fresh one for every query, a stock that is recycled (the default), and no
 * process at all (the engine inside the server). Nothing to hold here; these are figures to decide by.
 */
import type { Contender } from '../contender/contender.ts';
import { startForkline } from '../contender/start-forkline.ts';
import { HUNDRED_ROWS } from '../queries.ts';
import { atMostRounds, onceIfQuick, type Scenario } from '../scenario.ts';
import { measureLoad, percentileLines } from './load-runs.ts';

const CONNECTIONS = 4;
const ROUNDS = 3;

export const forkPolicies: Scenario = {
  name: 'fork-policies',
  title: 'fork policies: fresh process for each query, recycled, all in one process',
  how: `stages on 100 rows, closed loop with ${CONNECTIONS} connections, in turns`,
  needs: { contenders: ['duckdb', 'forkline'], ownServers: true },
  async run(bench, record) {
    const { databaseUrl, children, path } = bench;
    const fresh = await startForkline({ databaseUrl, children, path, dsl: { reuse: 'never' } });
    try {
      const contenders: Contender[] = [
        { ...fresh, label: 'a fresh process for each query' },
        { ...bench.contender('forkline'), label: 'recycled processes' },
        { ...bench.contender('duckdb'), label: 'all in one process' },
      ];
      const pace = { kind: 'closed', connections: CONNECTIONS } as const;
      const all = await measureLoad(atMostRounds(onceIfQuick(bench), ROUNDS), record, {
        contenders,
        queries: { stages: HUNDRED_ROWS },
        pace,
      });
      record.chart({
        type: 'percentiles',
        title: 'Fork policies, stages on 100 rows',
        lines: percentileLines(all),
      });
    } finally {
      await fresh.stop();
    }
  },
};
