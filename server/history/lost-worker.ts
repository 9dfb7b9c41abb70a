/** Notes in a query's record that a worker died while the query ran in it, for the ledger of poison queries (poison.ts). */
import { QueryError } from '../../core/protocol/errors.ts';
import type { LostWorker } from './poison.ts';
import type { QueryRecord } from './registry.ts';

/** Notes a lost worker. Ignores all other errors, and workers that died after the query was ended for another reason. */
export function noteLoss(query: QueryRecord, thrown: unknown, worker: () => LostWorker): void {
  const lost = thrown instanceof QueryError && thrown.code === 'worker-lost';
  if (lost && !query.cancellation.isCancelled) query.lostWorkers.push(worker());
}
