/** A configured connection as a SQL worker gets it: the kind of database, and the settings that open it. */
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
