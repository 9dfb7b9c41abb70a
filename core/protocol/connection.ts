/**
 * A configured connection as a SQL worker gets it: the kind of database, and the settings that open it. A connection either
 * has one login for everybody, or a login for each of some roles: then the database itself tells the roles apart.
 */
import type { DialectName } from './dialect-name.ts';

export type ConnectionConfig = PostgresConnection | SqliteConnection | MariadbConnection;

export type ConnectionKind = ConnectionConfig['kind'];

/** A connection with one login, or with a login for each of some roles. */
export type ConfiguredConnection = ConnectionConfig | RoleLogins;

/** The kinds whose databases have logins. */
export type LoginConfig = PostgresConnection | MariadbConnection;

export interface RoleLogins {
  readonly kind: LoginConfig['kind'];
  /** Functions that queries may call, as for one login. */
  readonly allowFunctions?: readonly string[];
  /** The login of each role of the policy that has one. */
  readonly roles: Readonly<Record<string, LoginConfig>>;
}

/** A way to log in at a connection: for the holders of a role, or for everybody (null). */
export interface Login {
  readonly role: string | null;
  readonly config: ConnectionConfig;
}

export function hasRoles(connection: ConfiguredConnection): connection is RoleLogins {
  return 'roles' in connection;
}

export function loginsOf(connection: ConfiguredConnection): readonly Login[] {
  if (!hasRoles(connection)) return [{ role: null, config: connection }];
  return Object.entries(connection.roles).map(([role, config]) => ({ role, config }));
}

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
