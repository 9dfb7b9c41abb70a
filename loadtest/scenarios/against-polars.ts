/** Heavy queries of a few clients against what data people would build: polars and connectorx in one Python process. */
import { SCHEMA } from '../data.ts';
import { allColumns } from '../queries.ts';
import { onceIfQuick, type Scenario } from '../scenario.ts';
import { measureLoad, percentileLines, THROUGHPUT } from './load-runs.ts';

const CLIENTS = 4;
/** Longer than some answers take. */
const DURATIONS = 2;

export const againstPolars: Scenario = {
  name: 'against-polars',
  title: `heavy pipeline in a worker, ${CLIENTS} clients, against polars with connectorx in one process`,
  how: `closed loop with ${CLIENTS} connections, in turns; left out where no Python has polars and connectorx (LOADTEST_PYTHON)`,
  needs: { contenders: ['polars', 'forkline'] },
  async run(bench, record) {
    const contenders = [bench.contender('polars'), bench.contender('forkline')];
    const durationMs = bench.durationMs * DURATIONS;
    const all = await measureLoad({ ...onceIfQuick(bench), durationMs }, record, {
      contenders,
      queries: { heavy: allColumns(`${SCHEMA}.requests_heavy`) },
      pace: { kind: 'closed', connections: CLIENTS },
    });
    record.chart({
      type: 'percentiles',
      title: `Heavy pipeline, ${CLIENTS} clients`,
      lines: percentileLines(all),
    });
    const [polars, forkline] = contenders.map(({ label }) => record.median(label, THROUGHPUT)) as [
      number,
      number,
    ];
    record.check({
      what: 'throughput against polars with connectorx',
      value: forkline / polars,
      unit: 'x',
      bound: 'at-least',
      limit: 1.8,
      measured: `${forkline.toFixed(2)} against ${polars.toFixed(2)} queries/s`,
    });
  },
};
