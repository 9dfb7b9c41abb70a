/**
 * The configured connections of a SQL worker, each with the pool of its sessions. They can change at run time: a new connection,
 * or one to another database, gets a new pool, which is warmed before queries use it. The pool of a removed or replaced one
 * ends its idle sessions at once, and the others when their queries have ended.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Connection } from '../../connectors/kit/connector.ts';
import type { ServedConnection } from '../../core/protocol/connection.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { UnreachableConnection } from '../../core/protocol/monitor.ts';
import { RoleSessions } from './role-sessions.ts';
import type { SessionPool } from './session-pool.ts';
import type { SessionSource } from './session-source.ts';

type Connections = Readonly<Record<string, ServedConnection>>;

/** The sessions of a connection: of its one login, or of its roles' logins. */
export type ConnectionSessions = SessionPool | RoleSessions;

interface Entry {
  readonly config: ServedConnection;
  readonly pool: ConnectionSessions;
}

export class ConnectionBook {
  readonly #create: (name: string, config: ServedConnection) => Promise<ConnectionSessions>;
  readonly #entries = new Map<string, Entry>();
  /** The last change. Changes run one after the other, since each one compares with the result of the one before. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(create: (name: string, config: ServedConnection) => Promise<ConnectionSessions>) {
    this.#create = create;
  }

  /** Returns the sessions of a connection's one login, or of the role's login. Throws unknown-connection, no-login. */
  get(name: string, role: string | null): SessionSource {
    const entry = this.#entries.get(name);
    if (entry !== undefined) {
      const { pool } = entry;
      const hasLogins = pool instanceof RoleSessions;
      // While a reload changes the logins, the server may still mean the old ones for a moment: never another one instead.
      if (hasLogins !== (role !== null)) throw loginsChanged(name);
      const source = hasLogins ? pool.of(role!) : pool;
      if (source === undefined) throw loginsChanged(name);
      return source;
    }
    const names = [...this.#entries.keys()];
    throw new QueryError('unknown-connection', `there is no connection ${name}`, {
      hint: `Connections here: ${names.join(', ')}.`,
      suggestions: names,
    });
  }

  /** Returns what sessions of the connection are made from; undefined when it is not there. */
  connectionOf(name: string): Connection | undefined {
    return this.#entries.get(name)?.pool.connection;
  }

  /**
   * Replaces the connections. Resolves when each pool is warm or has failed to reach its database, with the new connections
   * that could not be reached. Rejects only when a connector cannot be loaded.
   */
  change(connections: Connections): Promise<UnreachableConnection[]> {
    const change = this.#changing.then(() => this.#change(connections));
    this.#changing = change.catch(() => {});
    return change;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#entries.values()].map(({ pool }) => pool.close()));
  }

  async #change(connections: Connections): Promise<UnreachableConnection[]> {
    for (const [name, { pool }] of [...this.#entries]) {
      if (Object.hasOwn(connections, name)) continue;
      this.#entries.delete(name);
      void pool.close();
    }
    const changed = Object.entries(connections).filter(
      ([name, config]) => !isDeepStrictEqual(this.#entries.get(name)?.config, config),
    );
    const fresh = await Promise.all(
      changed.map(async ([name, config]) => ({ name, config, pool: await this.#create(name, config) })),
    );
    await Promise.all(fresh.map(({ pool }) => (pool instanceof RoleSessions ? null : pool.warm())));
    for (const { name, config, pool } of fresh) {
      void this.#entries.get(name)?.pool.close();
      this.#entries.set(name, { config, pool });
    }
    return fresh.flatMap(({ name, pool }) => {
      const failure = pool instanceof RoleSessions ? null : pool.failure;
      return failure === null ? [] : [{ connection: name, message: failure.message }];
    });
  }
}

function loginsChanged(name: string): QueryError {
  return new QueryError('no-login', `the logins of the connection ${name} have just changed`, {
    hint: 'Send it again.',
    retryAfterSeconds: 1,
  });
}
