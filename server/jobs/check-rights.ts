/** Checks the rights to a result that is there: the principal may have lost some since it started the job. */
import { QueryError } from '../../core/protocol/errors.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import type { ConnectionBook } from '../query/connection-book.ts';
import type { Job } from './job.ts';

/** Throws forbidden. */
export function checkRights(
  book: Pick<ConnectionBook, 'isSeen'>,
  { connections, scope }: Job,
  principal: Principal,
): void {
  if (scope === principal.scope && connections.every((name) => book.isSeen(name, principal))) return;
  throw new QueryError('forbidden', `${principal.id} may not see this result any more`, {
    hint: 'Its rights have changed since the job began. Send the query again.',
  });
}
