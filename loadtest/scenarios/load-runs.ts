/** Closed and open loop against several contenders in turns, with CPU, memory and event-loop lag beside it. */
import type { Contender } from '../contender/contender.ts';
import type { LoadResult, Pace } from '../load/messages.ts';
import { readLoopLag } from '../measure/loop-lag.ts';
import { ResourceWatch } from '../measure/resources.ts';
import { percentiles } from '../measure/statistics.ts';
import type { LoadQuery } from '../queries.ts';
import type { ScenarioRecord } from '../record.ts';
import type { ResourceFigures } from '../result.ts';
import { type Bench, inTurns } from '../scenario.ts';

export const THROUGHPUT = 'throughput';
const PERCENTILES = [50, 75, 90, 95, 99, 99.9];

export interface LoadRuns {
  readonly contenders: readonly Contender[];
  readonly queries: Readonly<Record<string, LoadQuery>>;
  /** The number of times that each query stands in a connection's round; once when left out. */
  readonly weights?: Readonly<Record<string, number>>;
  readonly pace: Pace;
  /** Goes before the names of the series: `open loop`. */
  readonly prefix?: string;
}

/** Records throughput and percentiles by request name, each round; returns all latencies by contender. */
export async function measureLoad(
  bench: Bench,
  record: ScenarioRecord,
  runs: LoadRuns,
): Promise<Map<string, number[]>> {
  const all = new Map<string, number[]>();
  const { contenders, prefix = '' } = runs;
  await inTurns(
    bench,
    contenders,
    ({ label }) => `${prefix}${label}`,
    async (contender) => {
      const result = await runLoad(bench, record, contender, runs);
      const latencies = Object.values(result.latencies).flatMap((timed) => timed.map(({ ms }) => ms));
      all.set(contender.label, [...(all.get(contender.label) ?? []), ...latencies]);
      record.add(contender.label, `${prefix}${THROUGHPUT}`, 'queries/s', result.answers / result.seconds);
      addPercentiles(record, contender.label, prefix, latencies);
      const names = Object.keys(result.latencies);
      if (names.length > 1)
        for (const name of names)
          addPercentiles(
            record,
            contender.label,
            `${prefix}${name} `,
            result.latencies[name]!.map(({ ms }) => ms),
          );
    },
  );
  return all;
}

export async function runLoad(
  bench: Bench,
  record: ScenarioRecord,
  contender: Contender,
  { queries, weights = {}, pace, prefix = '' }: LoadRuns,
): Promise<LoadResult> {
  const requests = [];
  for (const [name, query] of Object.entries(queries)) {
    const request = await bench.verifier.request(contender, name, query, bench.signal);
    for (let times = weights[name] ?? 1; times > 0; times--) requests.push(request);
  }
  using watched = await watch(bench, contender);
  const warmUpMs = Math.min(1000, bench.durationMs / 2);
  const result = await bench.load({
    url: contender.url,
    requests,
    pace,
    // In open loop the connections are spread over the first second.
    warmUpMs: pace.kind === 'open' ? 1000 + warmUpMs : warmUpMs,
    durationMs: bench.durationMs,
  });
  record.resources.push(await watched.end(`${prefix}load`));
  // Right before, and right after: a server that loses its way under load is noticed.
  for (const [name, query] of Object.entries(queries))
    await bench.verifier.request(contender, name, query, bench.signal);
  return result;
}

export function addPercentiles(
  record: ScenarioRecord,
  who: string,
  prefix: string,
  latencies: readonly number[],
): void {
  const values = percentiles(latencies, PERCENTILES);
  PERCENTILES.forEach((p, index) => void record.add(who, `${prefix}p${p}`, 'ms', values[index]!));
}

/** Returns the lines of the chart of percentiles, from all rounds together. */
export function percentileLines(all: ReadonlyMap<string, readonly number[]>) {
  return [...all].map(([who, latencies]) => {
    const values = percentiles(latencies, PERCENTILES);
    return { who, points: PERCENTILES.map((p, index) => [p, values[index]!] as const) };
  });
}

export interface Watched extends Disposable {
  end(during: string): Promise<ResourceFigures>;
}

/** CPU, memory and event-loop lag of a contender until `end`. */
export async function watch(
  { signal }: Pick<Bench, 'signal'>,
  { label, url, rootPid }: Contender,
): Promise<Watched> {
  await readLoopLag(url, signal);
  const resources = rootPid === null ? null : new ResourceWatch(rootPid);
  return {
    async end(during) {
      const roles = resources?.end() ?? [];
      const lag = await readLoopLag(url, signal);
      const [loopLagP99Ms, loopLagMaxMs] = [lag?.p99Ms ?? null, lag?.maxMs ?? null];
      return { who: label, during, roles, loopLagP99Ms, loopLagMaxMs };
    },
    [Symbol.dispose]: () => resources?.[Symbol.dispose](),
  };
}
