/** Remembers in a query's record that a worker died under it, for the ledger of queries that kill their workers. */
import { QueryError } from '../../core/protocol/errors.ts';
import type { LostWorker } from './poison.ts';
import type { QueryRecord } from './registry.ts';

/** Any other error is nothing to remember; nor is a worker that died after the query was ended otherwise. */
export function noteLoss(query: QueryRecord, thrown: unknown, worker: () => LostWorker): void {
  const lost = thrown instanceof QueryError && thrown.code === 'worker-lost';
  if (lost && !query.cancellation.isCancelled) query.lostWorkers.push(worker());
}
