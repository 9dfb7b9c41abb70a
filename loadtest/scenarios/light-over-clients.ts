/**
 * The chart in README: more and more clients with light queries, while a single heavy query runs at any time.
 * Each client asks once a second whatever the answers take (open loop), else one who waits for a busy event loop would
 * ask nothing meanwhile, and the wait would hardly show. Nothing to hold here: that is light-under-heavy's.
 */
import { type Contender, LABELS } from '../contender/contender.ts';
import { SCHEMA } from '../data.ts';
import type { LoadRequest, LoadResult, Pace } from '../load/messages.ts';
import { percentile } from '../measure/statistics.ts';
import { allColumns, SMALL } from '../queries.ts';
import type { ScenarioRecord } from '../record.ts';
import { type Bench, inTurns, type Scenario } from '../scenario.ts';

const CLIENTS = [1, 4, 16, 64, 128];
const QUICK_CLIENTS = [1, 128];
/** The clients begin evenly spread over it. */
const SPREAD_MS = 1000;

export const lightOverClients: Scenario = {
  name: 'light-over-clients',
  title: 'light queries of 1 to 128 clients while one heavy query runs',
  how: 'each client asks once a second (open loop), beside one connection with heavy queries; once each, in turns',
  needs: { contenders: ['baseline', 'forkline'] },
  async run(bench, record) {
    const contenders = [bench.contender('baseline'), bench.contender('forkline')];
    const points = bench.quick ? QUICK_CLIENTS : CLIENTS;
    for (const clients of points)
      await inTurns(
        { ...bench, rounds: 1 },
        contenders,
        ({ label }) => `${label}, ${clients} clients`,
        (contender) => measureClients(bench, record, contender, clients),
      );
    record.chart({
      type: 'latency',
      title: 'p99 of light queries while one heavy query runs, over clients',
      lines: contenders.map(({ name, label }) => ({
        who: LABELS[name],
        points: points.map((clients) => [clients, record.median(label, p99Of(clients))] as const),
      })),
    });
  },
};

const p99Of = (clients: number): string => `p99 of ${clients} clients`;

async function measureClients(
  bench: Bench,
  record: ScenarioRecord,
  contender: Contender,
  clients: number,
): Promise<void> {
  const [light, heavy] = await Promise.all([
    bench.verifier.request(contender, 'light', SMALL, bench.signal),
    bench.verifier.request(contender, 'heavy', allColumns(`${SCHEMA}.requests_heavy`), bench.signal),
  ]);
  const [result] = await Promise.all([
    loadOf(bench, contender, light, { kind: 'open', perSecond: clients }),
    loadOf(bench, contender, heavy, { kind: 'closed', connections: 1 }),
  ]);
  if (result.unanswered > 0)
    record.note(
      `${contender.label}, ${clients} clients: ${result.unanswered} had no answer at the end, and count as lasting until then`,
    );
  const latencies = (result.latencies.light ?? []).map(({ ms }) => ms);
  record.add(contender.label, p99Of(clients), 'ms', percentile(latencies, 99));
}

function loadOf(bench: Bench, { url }: Contender, request: LoadRequest, pace: Pace): Promise<LoadResult> {
  const { durationMs } = bench;
  return bench.load({ url, requests: [request], pace, warmUpMs: SPREAD_MS, durationMs });
}
