/**
 * The warm sessions of one configured connection, in a generic-pool of fixed size (min = max).
 * This file adds what generic-pool does not do:
 * - `create` retries behind a circuit, so that the pool refills by itself and never storms a database that is down;
 * - `acquire` fails at once while the database is down and no session is left, on abort, and after a time limit;
 * - a session that died while idle is found and replaced before a query gets it.
 */
import genericPool, { type Pool } from 'generic-pool';
import type { Connection, Session } from '../../connectors/kit/connector.ts';
import type { Log } from '../../core/logging/log.ts';
import type { Cancellation } from '../../core/process/cancellation.ts';
import { removeItem } from '../../core/process/remove-item.ts';
import type { QueryError } from '../../core/protocol/errors.ts';
import { Circuit } from './circuit.ts';
import { acquireTimedOut, type SessionSource, writeNotice } from './session-source.ts';

const MIN_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 5000;
const CLOSED_PAUSE_MS = 50;

export interface SessionPoolOptions {
  readonly name: string;
  readonly size: number;
  readonly acquireTimeoutMs: number;
  readonly log: Log;
  readonly connection: Connection;
}

export class SessionPool implements SessionSource {
  readonly #options: SessionPoolOptions;
  readonly #live = new Set<Session>();
  /** Functions that are called at every change of `live` and of the circuit. */
  readonly #watchers: (() => void)[] = [];
  readonly #circuit: Circuit;
  readonly #pool: Pool<Session>;
  /** Whether the connection's notices were logged: they are the same for all of its sessions. */
  #noticesGiven = false;
  #closed = false;

  constructor(options: SessionPoolOptions) {
    this.#options = options;
    this.#circuit = this.#createCircuit();
    this.#pool = this.#createPool();
  }

  get connection(): Connection {
    return this.#options.connection;
  }

  get liveSessions(): number {
    return this.#live.size;
  }

  /** Resolves when all sessions are open, or when the first attempt failed; the pool then goes on trying by itself. */
  warm(): Promise<void> {
    this.#pool.start();
    return new Promise((resolve) => {
      const check = (): void => {
        if (this.#live.size < this.#options.size && this.#circuit.state === 'closed') return;
        removeItem(this.#watchers, check);
        resolve();
      };
      this.#watchers.push(check);
      check();
    });
  }

  /** Takes a session. Rejects with database-unavailable, database-overloaded, or the reason of its cancellation. */
  acquire(cancellation: Cancellation): Promise<Session> {
    if (this.#databaseGone) return Promise.reject(this.#connectFailure());
    if (cancellation.reason !== null) return Promise.reject(cancellation.reason);
    return new Promise((resolve, reject) => {
      let givenUp = false;
      const stopWatching = (): void => {
        removeItem(this.#watchers, watch);
        cancellation.offCancel(watch);
      };
      const watch = (): void => {
        const error = cancellation.reason ?? (this.#databaseGone ? this.#connectFailure() : null);
        if (error === null) return;
        givenUp = true;
        stopWatching();
        reject(error);
      };
      this.#watchers.push(watch);
      cancellation.onCancel(watch);
      this.#pool.acquire().then(
        (session) => {
          stopWatching();
          if (givenUp) this.release(session);
          else resolve(session);
        },
        () => {
          stopWatching();
          reject(this.#acquireTimedOut());
        },
      );
    });
  }

  /** Gives a session back to the pool, which replaces one that is no longer usable. */
  release(session: Session): void {
    void (session.usable ? this.#pool.release(session) : this.#pool.destroy(session));
  }

  /** The reason why there is no session; null while there is one, or before the first attempt. */
  get failure(): QueryError | null {
    return this.#databaseGone ? this.#connectFailure() : null;
  }

  /** Ends idle sessions at once, and those that are in use when they come back; resolves when all have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#circuit.close();
    const drained = this.#pool.drain();
    await this.#pool.clear();
    await drained;
    await this.#pool.clear();
  }

  #createCircuit(): Circuit {
    const { name, log } = this.#options;
    return new Circuit({
      minBackoffMs: MIN_BACKOFF_MS,
      maxBackoffMs: MAX_BACKOFF_MS,
      onFailure: (thrown, retryInMs) => {
        writeNotice(log, name, this.#options.connection.failureOf(thrown).notice, { retryInMs });
        this.#notify();
      },
      onRecovery: () => log.info('database-recovered', { connection: name }),
    });
  }

  #createPool(): Pool<Session> {
    const { size, acquireTimeoutMs } = this.#options;
    const pool = genericPool.createPool<Session>(
      {
        create: () => this.#circuit.connect(() => this.#open()).catch(rejectLater),
        destroy: (session) => session.end(),
        validate: (session) => Promise.resolve(session.usable),
      },
      { min: size, max: size, testOnBorrow: true, acquireTimeoutMillis: acquireTimeoutMs, autostart: false },
    );
    // `create` rejects only when the circuit is closed for good, and `destroy` when the orderly end failed; in both cases the
    // socket is gone.
    pool.on('factoryCreateError', () => {});
    pool.on('factoryDestroyError', () => {});
    return pool;
  }

  async #open(): Promise<Session> {
    const { session, notices } = await this.#options.connection.open();
    this.#live.add(session);
    session.onDead(() => {
      this.#live.delete(session);
      if (!this.#closed && !this.#pool.isBorrowedResource(session)) this.#replaceDead();
      this.#notify();
    });
    if (!this.#noticesGiven)
      for (const notice of notices) writeNotice(this.#options.log, this.#options.name, notice);
    this.#noticesGiven = true;
    this.#notify();
    return session;
  }

  /** Replaces dead idle sessions by borrowing all of them: generic-pool tests a session when it is borrowed. */
  #replaceDead(): void {
    for (let left = this.#pool.available; left > 0; left--)
      this.#pool.acquire().then(
        (session) => this.#pool.release(session),
        () => {}, // No session came within the time limit; `create` goes on trying.
      );
  }

  get #databaseGone(): boolean {
    return this.#live.size === 0 && this.#circuit.state !== 'closed';
  }

  #connectFailure(): QueryError {
    return this.#options.connection.failureOf(this.#circuit.lastFailure).error;
  }

  #acquireTimedOut(): QueryError {
    if (this.#live.size === 0) return this.#connectFailure();
    const { name, acquireTimeoutMs } = this.#options;
    return acquireTimedOut(name, acquireTimeoutMs);
  }

  #notify(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}

/** Rejects after a pause. generic-pool calls `create` again at once while somebody waits, which would block the event loop. */
async function rejectLater(thrown: unknown): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, CLOSED_PAUSE_MS));
  throw thrown;
}
