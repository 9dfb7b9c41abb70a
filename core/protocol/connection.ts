/** A registered connection as a SQL worker gets it: the kind of database, and what it takes to open it. */
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
  /** postgresql:// URL, secrets resolved. Never logged. */
  readonly url: string;
  /** Functions of the database that queries may call whatever its catalogue says of them, as `schema.name`. */
  readonly allowFunctions?: readonly string[];
  /** Connects even as a superuser and its like. */
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
