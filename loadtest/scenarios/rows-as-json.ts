/** A page of rows as JSON: who turns the database's bytes into the client's, and where. */
import { PAGE, ROWS_OF_PAGE } from '../queries.ts';
import type { Scenario } from '../scenario.ts';
import { measureLoad, percentileLines, THROUGHPUT } from './load-runs.ts';

const CONNECTIONS = 8;

export const rowsAsJson: Scenario = {
  name: 'rows-as-json',
  title: `${ROWS_OF_PAGE.toLocaleString('en')}-row result as JSON, ${CONNECTIONS} connections`,
  how: `closed loop with ${CONNECTIONS} connections, in turns`,
  needs: { contenders: ['baseline', 'forkline'] },
  async run(bench, record) {
    const contenders = [bench.contender('baseline'), bench.contender('forkline')];
    const all = await measureLoad(bench, record, {
      contenders,
      queries: { page: PAGE },
      pace: { kind: 'closed', connections: CONNECTIONS },
    });
    record.chart({ type: 'percentiles', title: 'A page of rows as JSON', lines: percentileLines(all) });
    const [baseline, forkline] = contenders.map(({ label }) => record.median(label, THROUGHPUT)) as [
      number,
      number,
    ];
    record.check({
      what: 'throughput against one process',
      value: forkline / baseline,
      unit: 'x',
      bound: 'at-least',
      limit: 5,
      measured: `${forkline.toFixed(1)} against ${baseline.toFixed(1)} queries/s`,
    });
  },
};
