/** Small queries of which no two are alike: each is parsed, judged by PostgreSQL's grammar and planned. */
import { SMALL, SMALL_DISTINCT } from '../queries.ts';
import type { Scenario } from '../scenario.ts';
import { measureLoad, percentileLines } from './load-runs.ts';

const CONNECTIONS = 32;

export const smallQueryDistinct: Scenario = {
  name: 'small-query-distinct',
  title: `small SQL query with another literal each time, ${CONNECTIONS} connections`,
  how: `closed loop with ${CONNECTIONS} connections; beside it the query that is the same each time`,
  needs: { contenders: ['forkline'] },
  async run(bench, record) {
    const forkline = bench.contender('forkline');
    const pace = { kind: 'closed', connections: CONNECTIONS } as const;
    const contenders = [forkline];
    const distinct = await measureLoad(bench, record, {
      contenders,
      queries: { distinct: SMALL_DISTINCT },
      pace,
    });
    await measureLoad(bench, record, { contenders, queries: { same: SMALL }, pace, prefix: 'same text ' });
    record.chart({
      type: 'percentiles',
      title: `Small query, another literal each time, ${CONNECTIONS} connections`,
      lines: percentileLines(distinct),
    });
  },
};
