/**
 * The kinds of database that there are: the only file that lists them. Each is loaded when a connection of that kind
 * is configured, so that a process holds only the drivers that it uses.
 */
import type { DatabaseConnection } from '../core/protocol/connection.ts';
import type { Connection, ConnectionOptions, Connector } from './kit/connector.ts';

type Loaders = {
  readonly [K in DatabaseConnection['kind']]: () => Promise<
    Connector<Extract<DatabaseConnection, { kind: K }>>
  >;
};

const LOADERS: Loaders = {
  postgres: async () => (await import('./postgres/connector.ts')).POSTGRES_CONNECTOR,
  mariadb: async () => (await import('./mariadb/connector.ts')).MARIADB_CONNECTOR,
  spark: async () => (await import('./spark/connector.ts')).SPARK_CONNECTOR,
  sqlite: async () => (await import('./sqlite/connector.ts')).SQLITE_CONNECTOR,
};

/** Makes a connection of whatever kind; nothing is opened yet. */
export async function connectionOf(
  config: DatabaseConnection,
  options: ConnectionOptions,
): Promise<Connection> {
  const connector: Connector = await LOADERS[config.kind]();
  return connector.connect(config, options);
}
