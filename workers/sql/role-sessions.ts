/**
 * The sessions of a connection that has a login for each role. A session belongs to one login from its first message to its
 * last: no statement of a user can step from one into another. Sessions are opened when a role first needs one. All roles
 * together have as many as one login would have alone; when a role needs one more, the session that has been idle for longest
 * is closed, and only when none is idle it waits. Sessions that nobody used for a while are closed.
 */
import type { Connection, Session } from '../../connectors/kit/connector.ts';
import type { Log } from '../../core/logging/log.ts';
import type { Cancellation } from '../../core/process/cancellation.ts';
import { raceCancellation } from '../../core/process/race-cancellation.ts';
import { removeItem } from '../../core/process/remove-item.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { OpenBrake } from './open-brake.ts';
import type { SessionSource } from './session-source.ts';
import { acquireTimedOut, writeNotice } from './session-source.ts';

export interface RoleSessionsOptions {
  /** The connection's name. */
  readonly name: string;
  /** The most sessions of all roles together. */
  readonly size: number;
  readonly acquireTimeoutMs: number;
  readonly idleMs: number;
  readonly log: Log;
  /** The connection of each role, with its own login. */
  readonly connections: ReadonlyMap<string, Connection>;
}

interface Idle {
  readonly login: RoleLogin;
  readonly session: Session;
  readonly since: number;
}

interface RoleLogin {
  readonly role: string;
  readonly connection: Connection;
  readonly brake: OpenBrake;
  noticesGiven: boolean;
}

export class RoleSessions {
  readonly #options: RoleSessionsOptions;
  readonly #sources = new Map<string, SessionSource>();
  /** The unused sessions of all roles, the one that was used last at the end. */
  readonly #idle: Idle[] = [];
  /** The callbacks of those who wait, in their order. */
  readonly #waiters: (() => void)[] = [];
  /** The number of sessions, those included that are being opened or closed. */
  #count = 0;
  #sweep: NodeJS.Timeout | null = null;
  #closed = false;
  #onEmpty: (() => void) | null = null;

  constructor(options: RoleSessionsOptions) {
    this.#options = options;
    for (const [role, connection] of options.connections)
      this.#sources.set(role, this.#sourceOf(role, connection));
  }

  /** The sessions of one role; undefined when it has no login here. */
  of(role: string): SessionSource | undefined {
    return this.#sources.get(role);
  }

  /** The number of sessions that are open, being opened or being closed. */
  get count(): number {
    return this.#count;
  }

  /** Ends idle sessions at once, and those that are in use when they come back; resolves when all have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#sweep !== null) clearTimeout(this.#sweep);
    for (const { session } of this.#idle.splice(0)) void this.#end(session);
    this.#wakeAll();
    if (this.#count === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  #sourceOf(role: string, connection: Connection): SessionSource {
    const login = { role, connection, brake: new OpenBrake(now), noticesGiven: false };
    return {
      acquire: (cancellation) => this.#acquire(login, cancellation),
      release: (session) => this.#release(login, session),
    };
  }

  async #acquire(login: RoleLogin, cancellation: Cancellation): Promise<Session> {
    if (cancellation.reason !== null) throw cancellation.reason;
    try {
      return await this.#find(login, cancellation);
    } catch (thrown) {
      this.#wake(); // the next in the queue may have what this one was woken for and did not take
      throw thrown;
    }
  }

  async #find(login: RoleLogin, cancellation: Cancellation): Promise<Session> {
    const giveUpAt = now() + this.#options.acquireTimeoutMs;
    let mustWait = this.#waiters.length > 0;
    for (let isFirst = true; ; isFirst = false) {
      if (mustWait) await this.#turn(cancellation, giveUpAt, isFirst);
      if (this.#closed) throw new QueryError('database-unavailable', 'the connection was closed', RETRY);
      const session = this.#takeIdle(login);
      if (session !== null) return session;
      if (this.#count < this.#options.size) return await this.#openFor(login, cancellation, false);
      mustWait = this.#idle.length === 0;
      if (!mustWait) return await this.#openFor(login, cancellation, true);
    }
  }

  #takeIdle(login: RoleLogin): Session | null {
    const index = this.#idle.findLastIndex((idle) => idle.login === login);
    return index === -1 ? null : this.#idle.splice(index, 1)[0]!.session;
  }

  /** Opens a session; when the query is cancelled meanwhile, the session stays for others. */
  async #openFor(login: RoleLogin, cancellation: Cancellation, inPlace: boolean): Promise<Session> {
    const opening = this.#open(login, inPlace);
    return await raceCancellation(cancellation, opening, () => {
      opening.then(
        (session) => this.#release(login, session),
        () => {},
      );
    });
  }

  /** `inPlace`: closes the session that has been idle for longest, and takes its place. */
  async #open(login: RoleLogin, inPlace: boolean): Promise<Session> {
    login.brake.begin();
    if (inPlace) await endQuietly(this.#idle.shift()!.session);
    else this.#count++;
    try {
      const { session, notices } = await login.connection.open();
      const { log, name } = this.#options;
      const { role } = login;
      if (login.brake.succeeded()) log.info('database-recovered', { connection: name, role });
      if (!login.noticesGiven) for (const notice of notices) writeNotice(log, name, notice, { role });
      login.noticesGiven = true;
      session.onDead(() => this.#onDead(session));
      return session;
    } catch (thrown) {
      this.#gone();
      throw this.#failed(login, thrown);
    }
  }

  #failed({ role, connection, brake }: RoleLogin, thrown: unknown): QueryError {
    const { error, notice } = connection.failureOf(thrown);
    const retryInMs = brake.failed(error);
    writeNotice(this.#options.log, this.#options.name, notice, { role, retryInMs });
    return error;
  }

  #release(login: RoleLogin, session: Session): void {
    if (!session.usable || this.#closed) {
      void this.#end(session);
      return;
    }
    this.#idle.push({ login, session, since: now() });
    this.#sweep ??= setTimeout(() => this.#closeUnused(), this.#options.idleMs).unref();
    this.#wake();
  }

  #closeUnused(): void {
    this.#sweep = null;
    const before = now() - this.#options.idleMs;
    while (this.#idle.length > 0 && this.#idle[0]!.since <= before)
      void this.#end(this.#idle.shift()!.session);
    const [oldest] = this.#idle;
    if (oldest === undefined) return;
    const leftMs = Math.max(1, oldest.since - before);
    this.#sweep = setTimeout(() => this.#closeUnused(), leftMs).unref();
  }

  /** A session died by itself. Whoever uses it finds that out; nobody else counts an idle one. */
  #onDead(session: Session): void {
    const index = this.#idle.findIndex((idle) => idle.session === session);
    if (index === -1) return;
    this.#idle.splice(index, 1);
    this.#gone();
  }

  /** The caller has taken the session out of `#idle`, or got it back from its query. */
  async #end(session: Session): Promise<void> {
    await endQuietly(session);
    this.#gone();
  }

  #gone(): void {
    this.#count--;
    this.#wake();
    if (this.#closed && this.#count === 0) this.#onEmpty?.();
  }

  #wake(): void {
    this.#waiters.shift()?.();
  }

  #wakeAll(): void {
    while (this.#waiters.length > 0) this.#wake();
  }

  /** Waits until a session came back or ended. Who waited before and got none is the first again. */
  #turn(cancellation: Cancellation, giveUpAt: number, isNew: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        cancellation.offCancel(onCancel);
      };
      const waiter = (): void => {
        leave();
        resolve();
      };
      const giveUp = (error: QueryError): void => {
        removeItem(this.#waiters, waiter);
        leave();
        reject(error);
      };
      const onCancel = (): void => giveUp(cancellation.reason!);
      const { name, acquireTimeoutMs } = this.#options;
      const timer = setTimeout(
        () => giveUp(acquireTimedOut(name, acquireTimeoutMs)),
        Math.max(0, giveUpAt - now()),
      );
      cancellation.onCancel(onCancel);
      if (isNew) this.#waiters.push(waiter);
      else this.#waiters.unshift(waiter);
    });
  }
}

async function endQuietly(session: Session): Promise<void> {
  await session.end().catch(() => {}); // the orderly end failed; the socket is gone all the same
}

const RETRY = { hint: 'Send it again.', retryAfterSeconds: 1 };

function now(): number {
  return performance.now();
}
