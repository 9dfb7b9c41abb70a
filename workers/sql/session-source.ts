/** The sessions that a call may use: those of a connection's one login, or of one role's login. */
import type { Notice, Session } from '../../connectors/kit/connector.ts';
import type { Log } from '../../core/logging/log.ts';
import type { Cancellation } from '../../core/process/cancellation.ts';
import { QueryError } from '../../core/protocol/errors.ts';

export interface SessionSource {
  /** Takes a session. Rejects with database-unavailable, database-overloaded, or the reason of its cancellation. */
  acquire(cancellation: Cancellation): Promise<Session>;
  /** Gives a session back; one that is no longer usable is replaced. */
  release(session: Session): void;
}

export function acquireTimedOut(connection: string, acquireTimeoutMs: number): QueryError {
  return new QueryError('database-overloaded', `no connection to "${connection}" came free in time`, {
    hint: 'Try again in a moment.',
    limit: { name: 'acquireTimeoutMs', value: acquireTimeoutMs },
    retryAfterSeconds: 1,
  });
}

export function writeNotice(
  log: Log,
  connection: string,
  { level, event, fields }: Notice,
  more: { readonly role?: string; readonly retryInMs?: number } = {},
): void {
  log[level](event, { connection, ...fields, ...more });
}
