/** Many clients, light and heavy queries mixed: what a team's afternoon looks like. */
import { SCHEMA } from '../data.ts';
import { allColumns, SMALL } from '../queries.ts';
import { onceIfQuick, type Scenario } from '../scenario.ts';
import { measureLoad, percentileLines, THROUGHPUT } from './load-runs.ts';

const CLIENTS = 50;
/** Longer than an answer takes the slower one: what is asked in a short time is not what waits long. */
const DURATIONS = 2;

export const mixedClients: Scenario = {
  name: 'mixed-clients',
  title: `${CLIENTS} clients, mixed (80 % light, 20 % heavy)`,
  how: `closed loop with ${CLIENTS} connections, each going round four light queries and a heavy one, in turns`,
  needs: { contenders: ['baseline', 'forkline'] },
  async run(bench, record) {
    const contenders = [bench.contender('baseline'), bench.contender('forkline')];
    const durationMs = bench.durationMs * DURATIONS;
    const all = await measureLoad({ ...onceIfQuick(bench), durationMs }, record, {
      contenders,
      // The option as users leave it: Forkline chooses where stages run.
      queries: { light: SMALL, heavy: allColumns(`${SCHEMA}.requests_mixed`, 'auto') },
      weights: { light: 4, heavy: 1 },
      pace: { kind: 'closed', connections: CLIENTS },
    });
    record.chart({ type: 'percentiles', title: `${CLIENTS} clients, mixed`, lines: percentileLines(all) });
    const [baseline, forkline] = contenders.map(({ label }) => label) as [string, string];
    const p95s = [record.median(forkline, 'p95'), record.median(baseline, 'p95')] as const;
    record.check({
      what: 'p95 below that of one process',
      value: p95s[1] / p95s[0],
      unit: 'x',
      bound: 'at-least',
      limit: 5,
      measured: `${p95s[0].toFixed(0)} against ${p95s[1].toFixed(0)} ms`,
    });
    const rates = [record.median(forkline, THROUGHPUT), record.median(baseline, THROUGHPUT)] as const;
    record.check({
      what: 'throughput against one process',
      value: rates[0] / rates[1],
      unit: 'x',
      bound: 'at-least',
      limit: 2,
      measured: `${rates[0].toFixed(1)} against ${rates[1].toFixed(1)} queries/s`,
    });
  },
};
