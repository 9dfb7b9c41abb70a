/** The limits of what one principal's jobs take: how many run, and the disk of their results. */
import { QueryError } from '../../core/protocol/errors.ts';
import type { JobsConfig } from '../../core/protocol/results-config.ts';
import type { Job } from './job.ts';

/** Returns the bytes that the result of one more job may have. `own`: the principal's jobs. Throws too-many-jobs. */
export function bytesForOneMore(
  own: readonly Job[],
  { config, maxEntryBytes }: { readonly config: JobsConfig; readonly maxEntryBytes: number },
): number {
  const running = own.filter(({ state }) => state === 'running').length;
  if (running >= config.perPrincipal)
    throw new QueryError('too-many-jobs', `this client already has ${running} running jobs`, {
      hint: 'Wait for some of them to end; GET /v1/jobs shows them.',
      limit: { name: 'jobs.perPrincipal', value: config.perPrincipal, observed: running },
      retryAfterSeconds: 5,
    });
  const kept = own.reduce((sum, { bytes }) => sum + bytes, 0);
  const left = config.bytesPerPrincipal - kept;
  if (left <= 0)
    throw new QueryError('too-many-jobs', `the results of this client's jobs take ${kept} bytes`, {
      hint: 'Free some of them by DELETE /v1/jobs/{id}.',
      limit: { name: 'jobs.bytesPerPrincipal', value: config.bytesPerPrincipal, observed: kept },
      retryAfterSeconds: 60,
    });
  return Math.min(left, maxEntryBytes);
}
