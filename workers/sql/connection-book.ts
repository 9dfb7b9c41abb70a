/**
 * The registered connections of a SQL worker, each with the pool of its sessions. They change at run time: a connection that
 * is new or leads elsewhere gets a new pool, which is warmed before queries get it; one that is gone or was replaced ends its
 * idle sessions at once and the others when their queries have ended.
 */
import { isDeepStrictEqual } from 'node:util';
import type { TypeNames } from '../../connectors/postgres/parameter-types.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { UnreachableConnection } from '../../core/protocol/monitor.ts';
import type { ConnectionConfig } from '../../core/protocol/sql-worker.ts';
import type { SessionPool } from './session-pool.ts';

export interface Connection {
  readonly pool: SessionPool;
  readonly typeNames: TypeNames;
  readonly allowedFunctions: readonly string[];
}

type Connections = Readonly<Record<string, ConnectionConfig>>;

interface Entry {
  readonly config: ConnectionConfig;
  readonly connection: Connection;
}

export class ConnectionBook {
  readonly #create: (name: string, config: ConnectionConfig) => Connection;
  readonly #entries = new Map<string, Entry>();
  /** Changes take turns: each compares with what the one before has left. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(connections: Connections, create: (name: string, config: ConnectionConfig) => Connection) {
    this.#create = create;
    for (const [name, config] of Object.entries(connections))
      this.#entries.set(name, { config, connection: create(name, config) });
  }

  /** Throws unknown-connection. */
  get(name: string): Connection {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry.connection;
    const names = [...this.#entries.keys()];
    throw new QueryError('unknown-connection', `there is no connection ${name}`, {
      hint: `Connections here: ${names.join(', ')}.`,
      suggestions: names,
    });
  }

  /** Resolves when every pool is warm, or known to have no database for now. */
  async warm(): Promise<void> {
    await Promise.all(this.#pools().map((pool) => pool.warm()));
  }

  /** Resolves when these are the connections, with the new ones that could not be reached. Never rejects. */
  change(connections: Connections): Promise<UnreachableConnection[]> {
    const change = this.#changing.then(() => this.#change(connections));
    this.#changing = change;
    return change;
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools().map((pool) => pool.close()));
  }

  async #change(connections: Connections): Promise<UnreachableConnection[]> {
    for (const [name, { connection }] of [...this.#entries]) {
      if (Object.hasOwn(connections, name)) continue;
      this.#entries.delete(name);
      void connection.pool.close();
    }
    const fresh = Object.entries(connections)
      .filter(([name, config]) => !isDeepStrictEqual(this.#entries.get(name)?.config, config))
      .map(([name, config]) => ({ name, config, connection: this.#create(name, config) }));
    await Promise.all(fresh.map(({ connection }) => connection.pool.warm()));
    for (const { name, config, connection } of fresh) {
      void this.#entries.get(name)?.connection.pool.close();
      this.#entries.set(name, { config, connection });
    }
    return fresh.flatMap(({ name, connection }) => {
      const { failure } = connection.pool;
      return failure === null ? [] : [{ connection: name, message: failure.message }];
    });
  }

  #pools(): SessionPool[] {
    return [...this.#entries.values()].map(({ connection }) => connection.pool);
  }
}
