/** A registered connection as a SQL worker gets it: the kind of database, and what it takes to open it. */
import type { DialectName } from './dialect-name.ts';

export type ConnectionConfig = PostgresConnection | SqliteConnection;

export type ConnectionKind = ConnectionConfig['kind'];

/** The dialect that databases of a kind speak, for whoever plans for them and loads no driver. */
export const DIALECT_OF_KIND: Readonly<Record<ConnectionKind, DialectName>> = {
  postgres: 'postgres',
  sqlite: 'sqlite',
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
