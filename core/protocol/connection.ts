/** A registered connection as a SQL worker gets it: the kind of database, and what it takes to open it. */

export type ConnectionConfig = PostgresConnection;

export type ConnectionKind = ConnectionConfig['kind'];

export interface PostgresConnection {
  readonly kind: 'postgres';
  /** postgresql:// URL, secrets resolved. Never logged. */
  readonly url: string;
  /** Functions of the database that queries may call whatever its catalogue says of them, as `schema.name`. */
  readonly allowFunctions?: readonly string[];
  /** Connects even as a superuser and its like. */
  readonly allowPowerfulRole?: boolean;
}
