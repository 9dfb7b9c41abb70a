/**
 * The other client of spark.ts: gRPC and Arrow's decoder, and nothing else. It has the same channel as Forkline, and a process of its own, so that what
 * Forkline sets in its own (connectors/spark/heap-growth.ts) is not its client's. It is told a statement, and tells how many rows came and how long that took.
 */
import { randomUUID } from 'node:crypto';
import { Metadata } from '@grpc/grpc-js';
import { tableFromIPC } from 'apache-arrow';
import { openChannel } from '../../../connectors/spark/channel.ts';
import { planOf } from '../../../connectors/spark/plans.ts';
import { readUrl } from '../../../core/config/urls/spark-url.ts';

export interface BareAnswer {
  readonly rows: number;
  readonly ms: number;
}

const DEADLINE_MS = 600_000;

const { stub } = await openChannel(readUrl(process.argv[2]!), {
  tls: { ca: null },
  userAgent: 'bench',
  guardsAddress: false,
});
process.on('message', (sql: string) => void read(sql));
process.send!('ready');

async function read(sql: string): Promise<void> {
  const startedAt = performance.now();
  const until = { deadline: new Date(Date.now() + DEADLINE_MS) };
  const request = {
    ...{ session_id: randomUUID(), user_context: { user_id: 'bench' }, client_type: 'bench' },
    ...{ plan: planOf(sql).plan, operation_id: randomUUID(), tags: [], request_options: [] },
  };
  let rows = 0;
  for await (const response of stub.ExecutePlan(request, new Metadata(), until))
    if (response.arrow_batch != null) rows += tableFromIPC(response.arrow_batch.data).numRows;
  const answer: BareAnswer = { rows, ms: performance.now() - startedAt };
  stub.ReleaseSession(request, new Metadata(), until, () => {});
  process.send!(answer);
}
