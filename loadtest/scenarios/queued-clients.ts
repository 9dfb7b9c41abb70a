/**
 * More and more clients at once. A server that takes waiting well gives each its share: from the point on where it has
 * all it can do, latency grows with the number of clients and throughput stays. So latency over that share is flat.
 */
import type { Contender } from '../contender/contender.ts';
import { mean } from '../measure/statistics.ts';
import { SMALL } from '../queries.ts';
import type { ScenarioRecord } from '../record.ts';
import { type Bench, inTurns, onceIfQuick, type Scenario } from '../scenario.ts';
import { runLoad } from './load-runs.ts';

const CLIENTS = [1, 2, 4, 8, 16, 32, 64, 128];
const FEW_CLIENTS = [1, 8, 32, 128];
/** To this many the target goes; the chart goes on. */
const TARGET_CLIENTS = 64;
const TOLERANCE = 0.15;

export const queuedClients: Scenario = {
  name: 'queued-clients',
  title: `latency flat from 1 to ${TARGET_CLIENTS} queued clients beyond capacity's share`,
  how: 'closed loop with 1 to 128 connections; mean latency over what throughput leaves to each client',
  needs: { contenders: ['baseline', 'duckdb', 'forkline'] },
  async run(bench, record) {
    const forkline = bench.contender('forkline');
    const others = [bench.contender('baseline'), bench.contender('duckdb')];
    const points = bench.quick ? FEW_CLIENTS : CLIENTS;
    const half = { ...onceIfQuick(bench), durationMs: bench.durationMs / 2 };
    await inTurns(
      half,
      points,
      (clients) => `Forkline, ${clients} clients`,
      (clients) => measureClients(half, record, forkline, clients),
    );
    // For the chart only: once.
    for (const other of others)
      await inTurns(
        { ...half, rounds: 1 },
        FEW_CLIENTS,
        (clients) => `${other.label}, ${clients} clients`,
        (clients) => measureClients(half, record, other, clients),
      );
    record.chart({
      type: 'concurrency',
      title: 'Small queries a second over clients',
      lines: [forkline, ...others].map(({ label }) => ({
        who: label,
        points: (label === forkline.label ? points : FEW_CLIENTS).map(
          (clients) => [clients, record.median(label, rateOf(clients))] as const,
        ),
      })),
    });
    checkShares(
      record,
      forkline,
      points.filter((clients) => clients <= TARGET_CLIENTS),
    );
  },
};

const rateOf = (clients: number): string => `throughput of ${clients} clients`;
const latencyOf = (clients: number): string => `mean latency of ${clients} clients`;

async function measureClients(
  bench: Bench,
  record: ScenarioRecord,
  contender: Contender,
  clients: number,
): Promise<void> {
  const pace = { kind: 'closed', connections: clients } as const;
  const prefix = `${clients} clients `;
  const { answers, seconds, latencies } = await runLoad(bench, record, contender, {
    contenders: [contender],
    queries: { small: SMALL },
    pace,
    prefix,
  });
  record.add(contender.label, rateOf(clients), 'queries/s', answers / seconds);
  record.add(contender.label, latencyOf(clients), 'ms', mean((latencies.small ?? []).map(({ ms }) => ms)));
}

/** The share: alone a query takes what it takes; beyond capacity each client waits for all the others. */
function checkShares(record: ScenarioRecord, { label }: Contender, points: readonly number[]): void {
  const capacity = Math.max(...points.map((clients) => record.median(label, rateOf(clients))));
  const alone = record.median(label, latencyOf(points[0]!));
  const overs = points.map((clients) => {
    const share = Math.max(alone, (clients / capacity) * 1000);
    return record.median(label, latencyOf(clients)) / share;
  });
  const most = overs.every((over) => over > 0) ? Math.max(...overs) : Number.NaN;
  record.check({
    what: 'latency over its share, the most',
    value: most,
    unit: 'x',
    bound: 'at-most',
    limit: 1 + TOLERANCE,
    measured: points.map((clients, index) => `${overs[index]!.toFixed(2)} at ${clients}`).join(', '),
  });
}
