/**
 * Keeps the server running: one that ends unasked is started again, on the same port, and people are told.
 *
 *   running --died--> waiting --backoff--> starting --ready--> running
 *      |                 |                    |  failed --> waiting
 *    stop()            stop()               stop() --> stopped, when that start has ended
 *
 * Backoff is 0.5 s x 1.5 up to 15 s, and begins afresh once the server ran for 30 s.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Postmaster, PostmasterOptions } from './postmaster.ts';
import { startPostmaster } from './postmaster.ts';

const FIRST_BACKOFF_MS = 500;
const BACKOFF_FACTOR = 1.5;
const LONGEST_BACKOFF_MS = 15_000;
const CALM_MS = 30_000;

export class KeptPostmaster {
  readonly #options: PostmasterOptions;
  readonly #tell: (line: string) => void;
  readonly #stopping = new AbortController();
  readonly #kept: Promise<void>;
  /** null while waiting and starting. */
  #running: Postmaster | null;
  #pid: number;
  #backoffMs = FIRST_BACKOFF_MS;

  constructor(options: PostmasterOptions, running: Postmaster, tell: (line: string) => void) {
    this.#options = options;
    this.#tell = tell;
    this.#running = running;
    this.#pid = running.pid;
    this.#kept = this.#keep();
  }

  /** Returns the pid of the postmaster that runs or ran last. */
  get pid(): number {
    return this.#pid;
  }

  /** Bounded by the postmaster's own stop; a start that is under way ends first. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running?.stop();
    await this.#kept;
  }

  async #keep(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      if (this.#running !== null) await this.#watch(this.#running);
      if (signal.aborted) return;
      await delay(this.#backoffMs, undefined, { signal }).catch(() => {}); // stop() ends the wait
      this.#backoffMs = Math.min(LONGEST_BACKOFF_MS, this.#backoffMs * BACKOFF_FACTOR);
      if (!signal.aborted) await this.#start();
    }
  }

  /** Resolves when that server has ended. */
  async #watch(running: Postmaster): Promise<void> {
    const startedAt = Date.now();
    const how = await running.ended;
    this.#running = null;
    if (this.#stopping.signal.aborted) return;
    if (Date.now() - startedAt > CALM_MS) this.#backoffMs = FIRST_BACKOFF_MS;
    this.#tell(`the embedded PostgreSQL ended with ${how}; starting it again`);
  }

  async #start(): Promise<void> {
    let started: Postmaster;
    try {
      started = await startPostmaster(this.#options);
    } catch (error) {
      this.#tell((error as Error).message);
      return;
    }
    if (this.#stopping.signal.aborted) return await started.stop();
    this.#running = started;
    this.#pid = started.pid;
    this.#tell(`the embedded PostgreSQL is up again, as pid ${started.pid}`);
  }
}
