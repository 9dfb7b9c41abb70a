/** The end of a session in Spark, whatever became of its query. */
import { type Channel, deadline } from './channel.ts';
import type { SessionLedger } from './session-ledger.ts';

/** The kind of client that Spark is told with each call. */
export const CLIENT = 'forkline';
/** Milliseconds that Spark gets to say that it released a session, in one attempt after the other. */
const FAREWELLS_MS = [5000, 20_000, 60_000];

/**
 * Ends a session in Spark. A server that is too busy to answer is asked again with more time; one that cannot be reached at all keeps the
 * session in the ledger, for the next process.
 */
export async function endSession(
  channel: Channel,
  id: string,
  ledger: SessionLedger | null,
  attempts = FAREWELLS_MS.length,
): Promise<void> {
  const request = { session_id: id, user_context: { user_id: channel.userId }, client_type: CLIENT };
  const isEnded = (ms: number): Promise<boolean> =>
    new Promise((resolve) =>
      channel.stub.ReleaseSession(request, channel.metadata(), deadline(ms), (error) =>
        resolve(error === null),
      ),
    );
  for (const ms of FAREWELLS_MS.slice(0, attempts))
    if (await isEnded(ms)) {
      ledger?.end(id);
      return;
    }
}
