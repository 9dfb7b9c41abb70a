/** A configured connection as a SQL worker gets it: the kind of database, and the settings that open it. */
import type { DialectName } from './dialect-name.ts';

export type ConnectionConfig = PostgresConnection | SqliteConnection | MariadbConnection;

export type ConnectionKind = ConnectionConfig['kind'];

/** The dialect that databases of a kind speak, for whoever plans for them and loads no driver. */
export const DIALECT_OF_KIND: Readonly<Record<ConnectionKind, DialectName>> = {
  postgres: 'postgres',
  sqlite: 'sqlite',
  mariadb: 'mariadb',
};

export interface PostgresConnection {
  readonly kind: 'postgres';
  /** The postgresql:// URL with its secrets filled in. Must never be logged. */
  readonly url: string;
  /** The database's functions, as `schema.name`, that queries may call even where its catalogue marks them as unsafe. */
  readonly allowFunctions?: readonly string[];
  /** Whether to connect even when the role is a superuser or has similar rights. */
  readonly allowPowerfulRole?: boolean;
}

export interface SqliteConnection {
  readonly kind: 'sqlite';
  /** Absolute. */
  readonly path: string;
}

export interface MariadbConnection {
  readonly kind: 'mariadb';
  /** mariadb:// or mysql:// URL, secrets resolved. Never logged. */
  readonly url: string;
  /** Stored functions that queries may call, as `schema.name`. */
  readonly allowFunctions?: readonly string[];
  /** Connects even as a user that administers the server, or reads and writes its files. */
  readonly allowPowerfulRole?: boolean;
}
