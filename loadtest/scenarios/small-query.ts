/** Small queries at full speed: what the hop to another process costs where there is nothing to gain. */
import { SMALL } from '../queries.ts';
import { atMostRounds, onceIfQuick, type Scenario } from '../scenario.ts';
import { measureLoad, percentileLines, THROUGHPUT } from './load-runs.ts';

const CONNECTIONS = 32;
/** Far below what either can do: latency as clients see it, without a queue. */
const OPEN_PER_SECOND = 200;
/** Shown only. */
const OPEN_ROUNDS = 2;

export const smallQuery: Scenario = {
  name: 'small-query',
  title: `small SQL query, ${CONNECTIONS} connections`,
  how: `closed loop with ${CONNECTIONS} connections, then open loop at ${OPEN_PER_SECOND}/s (shown only), in turns`,
  needs: { contenders: ['baseline', 'forkline'] },
  async run(bench, record) {
    const contenders = [bench.contender('baseline'), bench.contender('forkline')];
    const [baseline, forkline] = contenders.map(({ label }) => label) as [string, string];
    const queries = { small: SMALL };
    const closed = await measureLoad(bench, record, {
      contenders,
      queries,
      pace: { kind: 'closed', connections: CONNECTIONS },
    });
    const open = await measureLoad(atMostRounds(onceIfQuick(bench), OPEN_ROUNDS), record, {
      contenders,
      queries,
      pace: { kind: 'open', perSecond: OPEN_PER_SECOND },
      prefix: 'open loop ',
    });
    for (const [what, all] of [
      [`closed loop, ${CONNECTIONS} connections`, closed],
      [`open loop, ${OPEN_PER_SECOND}/s`, open],
    ] as const)
      record.chart({ type: 'percentiles', title: `Small query, ${what}`, lines: percentileLines(all) });
    const rates = [record.median(forkline, THROUGHPUT), record.median(baseline, THROUGHPUT)] as const;
    record.check({
      what: 'throughput against one process',
      value: rates[0] / rates[1],
      unit: 'x',
      bound: 'at-least',
      limit: 0.9,
      measured: `${rates[0].toFixed(0)} against ${rates[1].toFixed(0)} queries/s`,
    });
    const p99s = [record.median(forkline, 'p99'), record.median(baseline, 'p99')] as const;
    record.check({
      what: 'p99 against one process',
      value: p99s[0] / p99s[1],
      unit: 'x',
      bound: 'at-most',
      limit: 1.5,
      measured: `${p99s[0].toFixed(1)} against ${p99s[1].toFixed(1)} ms`,
    });
  },
};
