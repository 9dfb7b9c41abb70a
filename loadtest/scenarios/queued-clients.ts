/**
 * More and more clients at once. As many as there are database connections are served at the same time; those beyond wait.
 * A server that takes waiting well gives each its share: latency grows with the number of clients, and throughput stays.
 * So latency over that share is flat.
 */
import { type Contender, POOL_SIZE } from '../contender/contender.ts';
import { mean } from '../measure/statistics.ts';
import { SMALL } from '../queries.ts';
import type { ScenarioRecord } from '../record.ts';
import { type Bench, inTurns, onceIfQuick, type Scenario } from '../scenario.ts';
import { runLoad } from './load-runs.ts';

/** Nobody waits. */
const SERVED = [1, 2, 4, POOL_SIZE];
const QUEUED = [1, 4, 8, 16, 32, 64];
const FEW_QUEUED = [1, 64];
/** The chart goes on to it. */
const MOST_CLIENTS = 128;
const FEW_CLIENTS = [1, 8, 32, MOST_CLIENTS];
const TOLERANCE = 0.15;

export const queuedClients: Scenario = {
  name: 'queued-clients',
  title: `latency flat from 1 to ${QUEUED.at(-1)} queued clients beyond capacity's share`,
  how: `closed loop with 1 to ${MOST_CLIENTS} connections; mean latency over what throughput leaves to each client`,
  needs: { contenders: ['baseline', 'duckdb', 'forkline'] },
  async run(bench, record) {
    const forkline = bench.contender('forkline');
    const others = [bench.contender('baseline'), bench.contender('duckdb')];
    const queued = bench.quick ? FEW_QUEUED : QUEUED;
    const served = bench.quick ? [1] : SERVED;
    const points = [...served, ...queued.map((count) => POOL_SIZE + count), MOST_CLIENTS];
    const turns = onceIfQuick(bench);
    await inTurns(
      turns,
      points,
      (clients) => `Forkline, ${clients} clients`,
      (clients) => measureClients(turns, record, forkline, clients),
    );
    // For the chart only: once.
    for (const other of others)
      await inTurns(
        { ...bench, rounds: 1 },
        FEW_CLIENTS,
        (clients) => `${other.label}, ${clients} clients`,
        (clients) => measureClients(bench, record, other, clients),
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
    checkShares(record, forkline, served, queued);
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

/** The share: with all that can be done at work, each client waits for all the others. */
function checkShares(
  record: ScenarioRecord,
  { label }: Contender,
  served: readonly number[],
  queued: readonly number[],
): void {
  const rate = (clients: number): number => record.median(label, rateOf(clients));
  const latency = (clients: number): number => record.median(label, latencyOf(clients));
  const capacity = Math.max(...queued.map((count) => rate(POOL_SIZE + count)));
  const shareOf = (clients: number): number => (clients / capacity) * 1000;
  const overs = queued.map((count) => latency(POOL_SIZE + count) / shareOf(POOL_SIZE + count));
  record.check({
    what: 'latency over its share, the most',
    value: overs.every((over) => over > 0) ? Math.max(...overs) : Number.NaN,
    unit: 'x',
    bound: 'at-most',
    limit: 1 + TOLERANCE,
    measured: queued.map((count, index) => `${overs[index]!.toFixed(2)} at ${count}`).join(', '),
  });
  // Nothing goes faster than alone, or than all together: what is between takes longer than both.
  const alone = latency(1);
  const before = served.map((clients) => latency(clients) / Math.max(alone, shareOf(clients)));
  const shown = served.map((clients, index) => `${before[index]!.toFixed(2)} at ${clients}`);
  record.note(
    `before anybody waits, latency over that alone or the share, whichever is more: ${shown.join(', ')}`,
  );
}
