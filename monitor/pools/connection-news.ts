/**
 * Sends changed connections to processes, and waits until each has taken them: until its `connections-taken`, or its end,
 * since a replacement starts with the new ones. A process that does neither in time is left to monitor/watch.
 */
import type { Log } from '../../core/logging/log.ts';
import type { FromChild, ToChild, UnreachableConnection } from '../../core/protocol/monitor.ts';
import type { ManagedChild } from '../children/managed-child.ts';
import { afterListening } from '../children/patient-timer.ts';

/** The time to wait for a process: a failing connection attempt takes some seconds. */
const TAKE_MS = 15_000;

type Taken = Extract<FromChild, { type: 'connections-taken' }>;
type News = Extract<ToChild, { type: 'connections-changed' }>;

export class ConnectionNews {
  readonly #log: Log;
  /** The functions that wait for a `connections-taken`, by the worker's id and the revision. */
  readonly #awaited = new Map<string, (taken: Taken) => void>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Sends the news to the children. Resolves with the connections that some process could not reach, each once. */
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

/** Tells whether a child needs the message: one that has no pid yet gets the newest connections with its `init`, and one that ends needs none. */
function isListening({ pid, phase }: ManagedChild): boolean {
  return pid !== null && (phase === 'starting' || phase === 'ready');
}
