/**
 * Keeps a database that is down from being stormed with connection attempts.
 *
 *   closed --attempt failed--> open --backoff over--> half-open --probe succeeded--> closed
 *                               ^                          |
 *                               +------ probe failed ------+   (backoff doubles up to its maximum)
 *
 * While closed everybody may connect. Otherwise exactly one caller probes, however many wait for a connection, and the
 * others wait for its outcome. `connect` never gives up before `close`: generic-pool would call again at once.
 */

export type CircuitState = 'closed' | 'open' | 'half-open';

export interface CircuitOptions {
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  /** Called at every failed attempt. */
  onFailure(thrown: unknown, retryInMs: number): void;
  /** Called when a probe succeeded. */
  onRecovery(): void;
}

export interface Circuit {
  readonly state: CircuitState;
  /** What the last attempt failed with; null while closed. */
  readonly lastFailure: unknown;
  /** Runs `attempt` until it succeeds. Rejects only once the circuit is closed for good. */
  connect<T>(attempt: () => Promise<T>): Promise<T>;
  close(): void;
}

export class CircuitClosedError extends Error {}

export function createCircuit(options: CircuitOptions): Circuit {
  const closing = new AbortController();
  let state: CircuitState = 'closed';
  let backoffMs = options.minBackoffMs;
  let lastFailure: unknown = null;
  /** Settles when the running probe has had its outcome. */
  let probe: Promise<void> | null = null;

  function failed(thrown: unknown): void {
    if (state !== 'closed') backoffMs = Math.min(backoffMs * 2, options.maxBackoffMs);
    state = 'open';
    lastFailure = thrown;
    if (!closing.signal.aborted) options.onFailure(thrown, backoffMs);
  }

  function succeeded(): void {
    if (state === 'half-open') options.onRecovery();
    state = 'closed';
    backoffMs = options.minBackoffMs;
    lastFailure = null;
  }

  /** One attempt; its result in an array, or null when it failed. */
  async function tryOnce<T>(attempt: () => Promise<T>): Promise<[T] | null> {
    try {
      const result = await attempt();
      if (state !== 'open') succeeded();
      return [result];
    } catch (thrown) {
      // Several attempts may have been under way when the circuit opened: the first failure counts.
      if (state !== 'open') failed(thrown);
      return null;
    }
  }

  async function probeOnce<T>(attempt: () => Promise<T>): Promise<[T] | null> {
    await delay(backoffMs, closing.signal);
    if (closing.signal.aborted) return null;
    state = 'half-open';
    return tryOnce(attempt);
  }

  async function connect<T>(attempt: () => Promise<T>): Promise<T> {
    while (!closing.signal.aborted) {
      let outcome: [T] | null;
      if (state === 'closed') {
        outcome = await tryOnce(attempt);
      } else if (probe !== null) {
        await probe;
        continue;
      } else {
        const running = probeOnce(attempt);
        probe = running
          .then(() => undefined)
          .finally(() => {
            probe = null;
          });
        outcome = await running;
        await probe;
      }
      if (outcome !== null) return outcome[0];
    }
    throw new CircuitClosedError('the connection pool is closed');
  }

  return {
    get state() {
      return state;
    },
    get lastFailure() {
      return lastFailure;
    },
    connect,
    close: () => closing.abort(),
  };
}

/** Ends early, without an error, when `signal` aborts. */
function delay(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
