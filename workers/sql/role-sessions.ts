/**
 * The sessions of a connection that has a login for each role. A session belongs to one login from its first message to its
 * last: no statement of a user can step from one into another. Sessions are opened when a role first needs one. All roles
 * together have as many as one login would have alone; when a role needs one more, the session that has been idle for longest
 * is closed, and only when none is idle it waits. A role that has sessions does not take the last one of another that was just
 * used: a role with many queries would otherwise make one with few open a session for each. Sessions that nobody used for a
 * while are closed.
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
  /** The number of its sessions, those included that are being opened. */
  count: number;
}

/** The time for which the last session of a role is kept for it after its use, while others who have sessions want one more. */
const KEPT_MS = 1000;

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

  /** The connection of one of the logins: all lead to the same database. */
  get connection(): Connection | undefined {
    return this.#options.connections.values().next().value;
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
    for (const { login, session } of this.#idle.splice(0)) void this.#end(login, session);
    this.#wake();
    if (this.#count === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  #sourceOf(role: string, connection: Connection): SessionSource {
    const login = { role, connection, brake: new OpenBrake(now), noticesGiven: false, count: 0 };
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
      this.#wake(); // the others in the queue may have what this one did not take
      throw thrown;
    }
  }

  async #find(login: RoleLogin, cancellation: Cancellation): Promise<Session> {
    const giveUpAt = now() + this.#options.acquireTimeoutMs;
    // A session of its own that is idle was left alone by those who wait.
    let mustWait = this.#waiters.length > 0 && !this.#idle.some((idle) => idle.login === login);
    for (;;) {
      if (mustWait) await this.#turn(cancellation, giveUpAt);
      if (this.#closed) throw new QueryError('database-unavailable', 'the connection was closed', RETRY);
      const session = this.#takeIdle(login);
      if (session !== null) return session;
      if (this.#count < this.#options.size) return await this.#openFor(login, cancellation, null);
      const replaced = this.#replaceable(login);
      if (replaced !== null) return await this.#openFor(login, cancellation, replaced);
      mustWait = true;
    }
  }

  /** Returns the idle session whose place the role may have; null when there is none. */
  #replaceable(login: RoleLogin): Idle | null {
    const keptSince = now() - KEPT_MS;
    const free = this.#idle.find(({ login: { count }, since }) => count > 1 || since <= keptSince);
    return free ?? (login.count === 0 ? this.#idle[0] : undefined) ?? null;
  }

  #takeIdle(login: RoleLogin): Session | null {
    const index = this.#idle.findLastIndex((idle) => idle.login === login);
    return index === -1 ? null : this.#idle.splice(index, 1)[0]!.session;
  }

  /** Opens a session; when the query is cancelled meanwhile, the session stays for others. */
  async #openFor(login: RoleLogin, cancellation: Cancellation, replaced: Idle | null): Promise<Session> {
    const opening = this.#open(login, replaced);
    return await raceCancellation(cancellation, opening, () => {
      opening.then(
        (session) => this.#release(login, session),
        () => {},
      );
    });
  }

  /** Opens a session, in the place of `replaced` if that is not null. */
  async #open(login: RoleLogin, replaced: Idle | null): Promise<Session> {
    login.brake.begin();
    login.count++;
    if (replaced === null) this.#count++;
    else {
      removeItem(this.#idle, replaced);
      replaced.login.count--;
    }
    try {
      if (replaced !== null) await endQuietly(replaced.session);
      const { session, notices } = await login.connection.open();
      const { log, name } = this.#options;
      const { role } = login;
      if (login.brake.succeeded()) log.info('database-recovered', { connection: name, role });
      if (!login.noticesGiven) for (const notice of notices) writeNotice(log, name, notice, { role });
      login.noticesGiven = true;
      session.onDead(() => this.#onDead(login, session));
      return session;
    } catch (thrown) {
      this.#gone(login);
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
      void this.#end(login, session);
      return;
    }
    this.#idle.push({ login, session, since: now() });
    this.#sweep ??= setTimeout(() => this.#closeUnused(), this.#options.idleMs).unref();
    this.#wake();
  }

  #closeUnused(): void {
    this.#sweep = null;
    const before = now() - this.#options.idleMs;
    while (this.#idle.length > 0 && this.#idle[0]!.since <= before) {
      const { login, session } = this.#idle.shift()!;
      void this.#end(login, session);
    }
    const [oldest] = this.#idle;
    if (oldest === undefined) return;
    const leftMs = Math.max(1, oldest.since - before);
    this.#sweep = setTimeout(() => this.#closeUnused(), leftMs).unref();
  }

  /** A session died by itself. Whoever uses it finds that out; nobody else counts an idle one. */
  #onDead(login: RoleLogin, session: Session): void {
    const index = this.#idle.findIndex((idle) => idle.session === session);
    if (index === -1) return;
    this.#idle.splice(index, 1);
    this.#gone(login);
  }

  /** The caller has taken the session out of `#idle`, or got it back from its query. */
  async #end(login: RoleLogin, session: Session): Promise<void> {
    await endQuietly(session);
    this.#gone(login);
  }

  #gone(login: RoleLogin): void {
    login.count--;
    this.#count--;
    this.#wake();
    if (this.#closed && this.#count === 0) this.#onEmpty?.();
  }

  /** Lets all who wait look again, in their order: not everybody may have what has become free. */
  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  /** Waits until a session came back or ended, or one is kept no longer for the role that used it last. */
  #turn(cancellation: Cancellation, giveUpAt: number): Promise<void> {
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
      const keptUntil = (this.#idle[0]?.since ?? Number.POSITIVE_INFINITY) + KEPT_MS;
      const onTime = (): void => {
        if (now() >= giveUpAt) giveUp(acquireTimedOut(name, acquireTimeoutMs));
        else if (removeItem(this.#waiters, waiter)) waiter();
      };
      // A timer may be early by a part of a millisecond.
      const timer = setTimeout(onTime, Math.max(0, Math.ceil(Math.min(giveUpAt, keptUntil) - now()) + 1));
      cancellation.onCancel(onCancel);
      this.#waiters.push(waiter);
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
