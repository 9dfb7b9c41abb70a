/**
 * Light queries at a fixed rate, alone and then while heavy queries keep every DSL slot busy: the reason why Forkline
 * is several processes. The light ones are open loop, corrected for what was never sent.
 */
import { type Contender, DSL_SLOTS } from '../contender/contender.ts';
import { SCHEMA } from '../data.ts';
import type { LoadResult } from '../load/messages.ts';
import { allColumns, SMALL } from '../queries.ts';
import type { ScenarioRecord } from '../record.ts';
import { type Bench, inTurns, onceIfQuick, type Scenario } from '../scenario.ts';
import { addPercentiles, watch } from './load-runs.ts';

const LIGHT_PER_SECOND = 50;
const SPREAD_MS = 1000;
/** A chart of more points is only larger. */
const MOST_POINTS = 1500;
/** Factor for the duration of a load with heavy queries, which take a while. */
const BUSY_DURATIONS = 2;

export const lightUnderHeavy: Scenario = {
  name: 'light-under-heavy',
  title: 'light queries while heavy DSL queries keep every DSL slot busy',
  how: `${LIGHT_PER_SECOND} light queries/s (open loop), idle and beside ${DSL_SLOTS} heavy ones, as many as DSL slots, in turns`,
  needs: { contenders: ['baseline', 'forkline'] },
  async run(bench, record) {
    const contenders = [bench.contender('baseline'), bench.contender('forkline')];
    const busy = new Map<string, LoadResult>();
    const busyBench = bench.quick ? bench : { ...bench, durationMs: BUSY_DURATIONS * bench.durationMs };
    await inTurns(
      onceIfQuick(bench),
      contenders,
      ({ label }) => label,
      async (contender, round) => {
        // The one process alone is shown, and compared with nothing.
        if (contender.name === 'forkline' || round === 0) {
          const idle = await lightAlone(bench, contender);
          addPercentiles(record, contender.label, 'idle ', msOf(idle));
        }
        const result = await lightBesideHeavy(busyBench, record, contender);
        addPercentiles(record, contender.label, 'busy ', msOf(result));
        busy.set(contender.label, result);
      },
    );
    conclude(record, contenders, busy);
  },
};

async function lightAlone(bench: Bench, contender: Contender): Promise<LoadResult> {
  const light = await bench.verifier.request(contender, 'light', SMALL, bench.signal);
  return await bench.load({
    url: contender.url,
    requests: [light],
    pace: { kind: 'open', perSecond: LIGHT_PER_SECOND },
    warmUpMs: SPREAD_MS,
    durationMs: bench.durationMs,
  });
}

async function lightBesideHeavy(
  bench: Bench,
  record: ScenarioRecord,
  contender: Contender,
): Promise<LoadResult> {
  const { label, url } = contender;
  const query = allColumns(`${SCHEMA}.requests_heavy`);
  const [light, heavy] = await Promise.all([
    bench.verifier.request(contender, 'light', SMALL, bench.signal),
    bench.verifier.request(contender, 'heavy', query, bench.signal),
  ]);
  using watched = await watch(bench, contender);
  const [lightResult, heavyResult] = await Promise.all([
    bench.load({
      url,
      requests: [light],
      pace: { kind: 'open', perSecond: LIGHT_PER_SECOND },
      warmUpMs: SPREAD_MS,
      durationMs: bench.durationMs,
    }),
    bench.load({
      url,
      requests: [heavy],
      pace: { kind: 'closed', connections: DSL_SLOTS },
      warmUpMs: SPREAD_MS,
      durationMs: bench.durationMs,
    }),
  ]);
  record.resources.push(await watched.end('light beside heavy queries'));
  record.add(label, 'heavy throughput', 'queries/s', heavyResult.answers / heavyResult.seconds);
  return lightResult;
}

function msOf({ latencies }: LoadResult): number[] {
  return (latencies.light ?? []).map(({ ms }) => ms);
}

function conclude(
  record: ScenarioRecord,
  contenders: readonly Contender[],
  busy: ReadonlyMap<string, LoadResult>,
): void {
  const [baseline, forkline] = contenders.map(({ label }) => label) as [string, string];
  record.chart({
    type: 'timeline',
    title: 'Light queries while heavy ones run',
    lines: [...busy].map(([who, { latencies }]) => ({
      who,
      points: (latencies.light ?? []).slice(0, MOST_POINTS).map(({ atMs, ms }) => [atMs / 1000, ms] as const),
    })),
  });
  const idleP99 = record.median(forkline, 'idle p99');
  const busyP99 = record.median(forkline, 'busy p99');
  const baselineP99 = record.median(baseline, 'busy p99');
  record.check({
    what: 'p99 of light queries against an idle server',
    value: busyP99 / idleP99,
    unit: 'x',
    bound: 'at-most',
    limit: 3,
    measured: `${busyP99.toFixed(1)} against ${idleP99.toFixed(1)} ms`,
  });
  record.check({
    what: 'p99 below that of one process under the same load',
    value: baselineP99 / busyP99,
    unit: 'x',
    bound: 'at-least',
    limit: 20,
    measured: `${busyP99.toFixed(1)} against ${baselineP99.toFixed(0)} ms`,
  });
}
