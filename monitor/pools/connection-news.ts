/**
 * Tells processes of changed connections, and waits until each has taken them: by its `connections-taken`, or its end, since
 * whatever follows it starts with them. One that does neither in time is left to the watch.
 */
import type { Log } from '../../core/logging/log.ts';
import type { FromChild, ToChild, UnreachableConnection } from '../../core/protocol/monitor.ts';
import type { ManagedChild } from '../children/managed-child.ts';
import { afterListening } from '../children/patient-timer.ts';

/** A connection attempt takes some seconds before it has failed. */
const TAKE_MS = 15_000;

type Taken = Extract<FromChild, { type: 'connections-taken' }>;
type News = Extract<ToChild, { type: 'connections-changed' }>;

export class ConnectionNews {
  readonly #log: Log;
  /** Called with each `connections-taken`, by the worker's id and the revision. */
  readonly #awaited = new Map<string, (taken: Taken) => void>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Resolves with the connections that some process could not reach, each once. */
  async tell(children: readonly ManagedChild[], news: News): Promise<UnreachableConnection[]> {
    const replies = await Promise.all(
      children.filter(isListening).map((child) => this.#tellOne(child, news)),
    );
    const byName = new Map(replies.flat().map((each) => [each.connection, each]));
    return [...byName.values()];
  }

  taken({ workerId }: ManagedChild, message: Taken): void {
    this.#awaited.get(keyOf(workerId, message.revision))?.(message);
  }

  #tellOne(child: ManagedChild, news: News): Promise<readonly UnreachableConnection[]> {
    const { workerId } = child;
    const key = keyOf(workerId, news.revision);
    return new Promise((resolve) => {
      const settle = (unreachable: readonly UnreachableConnection[]): void => {
        clearTimer();
        this.#awaited.delete(key);
        resolve(unreachable);
      };
      const clearTimer = afterListening(TAKE_MS, () => {
        this.#log.warn('connections-not-taken', { workerId, revision: news.revision, afterMs: TAKE_MS });
        settle([]);
      });
      this.#awaited.set(key, ({ unreachable }) => settle(unreachable));
      void child.gone.then(() => settle([]));
      child.send(news);
    });
  }
}

function keyOf(workerId: string, revision: number): string {
  return `${workerId} ${revision}`;
}

/** One that is being prepared gets its `init` later, and with it the newest connections; one that ends needs none. */
function isListening({ pid, phase }: ManagedChild): boolean {
  return pid !== null && (phase === 'starting' || phase === 'ready');
}
