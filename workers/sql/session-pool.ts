/**
 * The warm sessions of one registered connection, in a generic-pool of fixed size (min = max).
 * What generic-pool leaves to its user is done here:
 * - `create` retries behind a circuit, so that the pool refills by itself and never storms a database that is down;
 * - `acquire` fails at once while the database is down and no session is left, on abort, and after a time limit;
 * - a session that died while idle is found and replaced without waiting for a query to trip over it.
 */
import genericPool from 'generic-pool';
import type { Log } from '../../logger/log.ts';
import { QueryError } from '../errors.ts';
import { Circuit } from './circuit.ts';
import type { OpenedSession, RoleRights } from './connect.ts';
import { connectFailure } from './database-errors.ts';
import type { Session } from './session.ts';

const MIN_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 5000;
const CLOSED_PAUSE_MS = 50;

export interface SessionPoolOptions {
  readonly name: string;
  readonly size: number;
  readonly acquireTimeoutMs: number;
  readonly log: Log;
  open(): Promise<OpenedSession>;
}

export interface SessionPool {
  /** Resolves when all sessions stand, or when the first attempt failed: the pool goes on trying by itself. */
  warm(): Promise<void>;
  /** Rejects with database-unavailable, database-overloaded or the signal's reason. */
  acquire(signal: AbortSignal): Promise<Session>;
  /** Back to the pool, or replaced when it is not as it was. */
  release(session: Session): void;
  readonly liveSessions: number;
  close(): Promise<void>;
}

export function createSessionPool(options: SessionPoolOptions): SessionPool {
  const { name, log, size } = options;
  const live = new Set<Session>();
  /** Told at every change of `live` and of the circuit. */
  const watchers = new Set<() => void>();
  const notify = (): void => {
    for (const watcher of [...watchers]) watcher();
  };
  let role: RoleRights | null = null;
  let closed = false;

  const circuit = new Circuit({
    minBackoffMs: MIN_BACKOFF_MS,
    maxBackoffMs: MAX_BACKOFF_MS,
    onFailure(thrown, retryInMs) {
      const { code, message, details } = connectFailure(name, thrown);
      log.warn('database-unreachable', {
        connection: name,
        code,
        message,
        sqlstate: details.sqlstate,
        retryInMs,
      });
      notify();
    },
    onRecovery: () => log.info('database-recovered', { connection: name }),
  });

  function adopt({ session, role: rights }: OpenedSession): Session {
    live.add(session);
    session.onDead(() => {
      live.delete(session);
      if (!closed && !pool.isBorrowedResource(session)) replaceDead();
      notify();
    });
    if (role === null) warnOfRights(log, name, rights);
    role = rights;
    notify();
    return session;
  }

  const pool = genericPool.createPool<Session>(
    {
      create: () => circuit.connect(async () => adopt(await options.open())).catch(rejectLater),
      destroy: (session) => session.end(),
      validate: (session) => Promise.resolve(session.usable),
    },
    {
      min: size,
      max: size,
      testOnBorrow: true,
      acquireTimeoutMillis: options.acquireTimeoutMs,
      autostart: false,
    },
  );
  // `create` rejects when the circuit is closed for good only, and `destroy` when the goodbye failed: the socket is
  // gone either way.
  pool.on('factoryCreateError', () => {});
  pool.on('factoryDestroyError', () => {});

  /** Borrowing tests a session, and destroys and replaces it when it is dead. */
  function replaceDead(): void {
    for (let left = pool.available; left > 0; left--)
      pool.acquire().then(
        (session) => pool.release(session),
        () => {}, // No session within the time limit: `create` is still at it.
      );
  }

  const databaseGone = (): boolean => live.size === 0 && circuit.state !== 'closed';

  async function acquire(signal: AbortSignal): Promise<Session> {
    if (databaseGone()) throw connectFailure(name, circuit.lastFailure);
    const borrowed = pool.acquire();
    const { promise: given, dispose } = whenGivenUp(signal);
    try {
      return await Promise.race([borrowed.catch(acquireTimedOut), given]);
    } catch (thrown) {
      // It may still come: then nobody wants it any more.
      borrowed.then(release, () => {});
      throw thrown;
    } finally {
      dispose();
    }
  }

  function acquireTimedOut(): never {
    if (live.size === 0) throw connectFailure(name, circuit.lastFailure);
    throw new QueryError('database-overloaded', `no connection to "${name}" came free in time`, {
      hint: 'Try again in a moment.',
      limit: { name: 'acquireTimeoutMs', value: options.acquireTimeoutMs },
      retryAfterSeconds: 1,
    });
  }

  /** Rejects when the signal aborts or the database goes away. */
  function whenGivenUp(signal: AbortSignal): { promise: Promise<never>; dispose(): void } {
    let watch!: () => void;
    const promise = new Promise<never>((_, reject) => {
      watch = () => {
        if (signal.aborted) reject(QueryError.from(signal.reason));
        else if (databaseGone()) reject(connectFailure(name, circuit.lastFailure));
      };
    });
    promise.catch(() => {}); // It may lose the race.
    watchers.add(watch);
    signal.addEventListener('abort', watch);
    return {
      promise,
      dispose() {
        watchers.delete(watch);
        signal.removeEventListener('abort', watch);
      },
    };
  }

  function release(session: Session): void {
    void (session.usable ? pool.release(session) : pool.destroy(session));
  }

  return {
    warm() {
      pool.start();
      return new Promise((resolve) => {
        const check = (): void => {
          if (live.size < size && circuit.state === 'closed') return;
          watchers.delete(check);
          resolve();
        };
        watchers.add(check);
        check();
      });
    },
    acquire,
    release,
    get liveSessions() {
      return live.size;
    },
    async close() {
      closed = true;
      circuit.close();
      await pool.drain();
      await pool.clear();
    },
  };
}

/** generic-pool calls `create` again at once while somebody waits: without a pause that would never let go of the loop. */
async function rejectLater(thrown: unknown): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, CLOSED_PAUSE_MS));
  throw thrown;
}

function warnOfRights(log: Log, connection: string, { name, superuser, dangerousRoles }: RoleRights): void {
  if (!superuser && dangerousRoles.length === 0) return;
  log.warn('database-role-too-powerful', {
    connection,
    role: name,
    superuser,
    memberOf: dangerousRoles,
    advice: 'give Forkline a role that may only read the tables it should show: docs/security.md',
  });
}
