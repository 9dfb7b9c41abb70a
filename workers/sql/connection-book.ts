/**
 * The configured connections of a SQL worker, each with the pool of its sessions. They can change at run time: a new connection,
 * or one to another database, gets a new pool, which is warmed before queries use it. The pool of a removed or replaced one
 * ends its idle sessions at once, and the others when their queries have ended.
 */
import { isDeepStrictEqual } from 'node:util';
import type { DatabaseConnection } from '../../core/protocol/connection.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { UnreachableConnection } from '../../core/protocol/monitor.ts';
import type { SessionPool } from './session-pool.ts';

type Connections = Readonly<Record<string, DatabaseConnection>>;

interface Entry {
  readonly config: DatabaseConnection;
  readonly pool: SessionPool;
}

export class ConnectionBook {
  readonly #create: (name: string, config: DatabaseConnection) => Promise<SessionPool>;
  readonly #entries = new Map<string, Entry>();
  /** The last change. Changes run one after the other, since each one compares with the result of the one before. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(create: (name: string, config: DatabaseConnection) => Promise<SessionPool>) {
    this.#create = create;
  }

  /** Returns the pool of a connection. Throws unknown-connection. */
  get(name: string): SessionPool {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry.pool;
    const names = [...this.#entries.keys()];
    throw new QueryError('unknown-connection', `there is no connection ${name}`, {
      hint: `Connections here: ${names.join(', ')}.`,
      suggestions: names,
    });
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
    await Promise.all(fresh.map(({ pool }) => pool.warm()));
    for (const { name, config, pool } of fresh) {
      void this.#entries.get(name)?.pool.close();
      this.#entries.set(name, { config, pool });
    }
    return fresh.flatMap(({ name, pool }) => {
      const { failure } = pool;
      return failure === null ? [] : [{ connection: name, message: failure.message }];
    });
  }
}
