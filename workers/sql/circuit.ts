/**
 * Protects a database that is down from a storm of connection attempts.
 *
 *   closed --attempt failed--> open --backoff over--> half-open --probe succeeded--> closed
 *                               ^                          |
 *                               +------ probe failed ------+   (backoff doubles up to its maximum)
 *
 * While the circuit is closed, every caller may connect. Otherwise exactly one caller probes, and all others wait for its
 * outcome. `connect` never gives up before `close`, since generic-pool would call it again at once.
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

export class CircuitClosedError extends Error {}

const NEXT: Readonly<Record<CircuitState, readonly CircuitState[]>> = {
  closed: ['closed', 'open'],
  open: ['half-open'],
  'half-open': ['closed', 'open'],
};

export class Circuit {
  readonly #options: CircuitOptions;
  readonly #closing = new AbortController();
  #state: CircuitState = 'closed';
  #backoffMs: number;
  #lastFailure: unknown = null;
  /** The running probe, which settles with its outcome; null without one. */
  #probe: Promise<void> | null = null;

  constructor(options: CircuitOptions) {
    this.#options = options;
    this.#backoffMs = options.minBackoffMs;
  }

  get state(): CircuitState {
    return this.#state;
  }

  /** The error of the last failed attempt; null while the circuit is closed. */
  get lastFailure(): unknown {
    return this.#lastFailure;
  }

  /** Runs `attempt` until it succeeds. Rejects only once the circuit is closed for good. */
  async connect<T>(attempt: () => Promise<T>): Promise<T> {
    while (!this.#closing.signal.aborted) {
      if (this.#state !== 'closed' && this.#probe !== null) {
        await this.#probe;
        continue;
      }
      const outcome = await (this.#state === 'closed' ? this.#tryOnce(attempt) : this.#probeAlone(attempt));
      if (outcome !== null) return outcome[0];
    }
    throw new CircuitClosedError('the connection pool is closed');
  }

  close(): void {
    this.#closing.abort();
  }

  /** Runs the probe; other callers wait for its outcome. */
  async #probeAlone<T>(attempt: () => Promise<T>): Promise<[T] | null> {
    const running = this.#probeOnce(attempt);
    this.#probe = running
      .then(() => undefined)
      .finally(() => {
        this.#probe = null;
      });
    const outcome = await running;
    await this.#probe;
    return outcome;
  }

  async #probeOnce<T>(attempt: () => Promise<T>): Promise<[T] | null> {
    await delay(this.#backoffMs, this.#closing.signal);
    if (this.#closing.signal.aborted) return null;
    this.#become('half-open');
    return this.#tryOnce(attempt);
  }

  /** Makes one attempt. Returns its result in an array, or null when it failed. */
  async #tryOnce<T>(attempt: () => Promise<T>): Promise<[T] | null> {
    try {
      const result = await attempt();
      if (this.#state !== 'open') this.#succeeded();
      return [result];
    } catch (thrown) {
      // Several attempts may run when the circuit opens; only the first failure counts.
      if (this.#state !== 'open') this.#failed(thrown);
      return null;
    }
  }

  #failed(thrown: unknown): void {
    const { maxBackoffMs } = this.#options;
    if (this.#state !== 'closed') this.#backoffMs = Math.min(this.#backoffMs * 2, maxBackoffMs);
    this.#become('open');
    this.#lastFailure = thrown;
    if (!this.#closing.signal.aborted) this.#options.onFailure(thrown, this.#backoffMs);
  }

  #succeeded(): void {
    if (this.#state === 'half-open') this.#options.onRecovery();
    this.#become('closed');
    this.#backoffMs = this.#options.minBackoffMs;
    this.#lastFailure = null;
  }

  #become(state: CircuitState): void {
    if (!NEXT[this.#state].includes(state)) throw new Error(`circuit: ${this.#state} -> ${state}`);
    this.#state = state;
  }
}

/** Waits. Resolves early, without an error, when `signal` aborts. */
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
