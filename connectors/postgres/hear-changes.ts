/**
 * Hears what a database says about changes of its tables, on the channel forkline_changed, over a session of its own. That it is
 * heard is proved at the beginning: the session tells itself something. After that it is asked again and again whether it is
 * still the same one. A pooler that drops notifications or changes sessions, a connection that hangs, and a database in recovery are noticed so.
 */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { QueryError } from '../../core/protocol/errors.ts';
import type { CallControl } from '../kit/call-control.ts';
import type { ChangeHearer } from '../kit/connector.ts';

const CHANNEL = 'forkline_changed';

const PROBE = 'forkline-probe ';
const ASK_EACH_MS = 2000;
const ANSWER_MS = 3000;
const WHICH_SESSION = 'select pg_catalog.pg_backend_pid() as pid';

/** Takes the client, and ends it. Rejects when the session is lost or the call is cancelled. */
export async function hearChanges(
  client: pg.Client,
  hearer: ChangeHearer,
  { cancellation }: CallControl,
): Promise<never> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<never>((_, reject) => {
      const expected = PROBE + randomUUID();
      let session: number | null = null;
      const lost = (why: string): void => reject(connectionLost(why));
      const within = (why: string): void => {
        timer = setTimeout(() => lost(why), ANSWER_MS);
      };
      const ask = async (): Promise<void> => {
        within('the connection to the database does not answer');
        const { rows } = await client.query<{ pid: number }>(WHICH_SESSION);
        clearTimeout(timer);
        session ??= rows[0]!.pid;
        if (rows[0]!.pid !== session) throw new Error('the session is another one now');
        timer = setTimeout(() => void ask().catch(failed), ASK_EACH_MS);
      };
      const begin = async (): Promise<void> => {
        within(`the database does not send notifications of ${CHANNEL}`);
        await client.query(`listen ${CHANNEL}`);
        await client.query(`notify ${CHANNEL}, '${expected}'`);
      };
      const failed = (error: Error): void => lost(error.message);
      cancellation.onCancel(() => reject(cancellation.reason!)); // a cancelled one has a reason
      if (cancellation.reason !== null) reject(cancellation.reason);
      client.on('error', failed);
      client.on('end', () => lost('the connection to the database was lost'));
      client.on('notification', ({ channel, payload = '' }) => {
        if (channel !== CHANNEL) return;
        if (payload === expected) {
          clearTimeout(timer);
          void ask().catch(failed);
          hearer.heard();
        } else if (!payload.startsWith(PROBE)) hearer.changed(payload);
      });
      begin().catch(failed);
    });
  } finally {
    clearTimeout(timer);
    await client.end().catch(() => {});
  }
}

function connectionLost(why: string): QueryError {
  return new QueryError('database-unavailable', why, { retryAfterSeconds: 1 });
}
