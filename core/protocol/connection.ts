/**
 * A configured connection as a SQL worker gets it: the kind of database, and the settings that open it. A connection either
 * has one login for everybody, or a login for each of some roles: then the database itself tells the roles apart.
 */
import type { DialectName } from './dialect-name.ts';

export type ConnectionConfig = DatabaseConnection | FilesConnection;

/** A connection to a database, which SQL workers open. */
export type DatabaseConnection = PostgresConnection | SqliteConnection | MariadbConnection | SparkConnection;

export type ConnectionKind = ConnectionConfig['kind'];

/** A connection with one login, or with a login for each of some roles. */
export type ConfiguredConnection = ConnectionConfig | RoleLogins;

/** A connection to a database as SQL workers serve it. */
export type ServedConnection = DatabaseConnection | RoleLogins;

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
  spark: 'spark',
  files: 'files',
};

/** Returns the connections that SQL workers open. */
export function databasesOf(
  connections: Readonly<Record<string, ConfiguredConnection>>,
): Readonly<Record<string, ServedConnection>> {
  return Object.fromEntries(
    Object.entries(connections).flatMap(([name, connection]) =>
      connection.kind === 'files' ? [] : [[name, connection]],
    ),
  );
}

/** Returns the connections whose files DSL workers read. */
export function filesOf(
  connections: Readonly<Record<string, ConfiguredConnection>>,
): Readonly<Record<string, FilesConnection>> {
  return Object.fromEntries(
    Object.entries(connections).flatMap(([name, connection]) =>
      connection.kind === 'files' ? [[name, connection]] : [],
    ),
  );
}

export interface PostgresConnection {
  readonly kind: 'postgres';
  /** The postgresql:// URL with its secrets filled in. Must never be logged. */
  readonly url: string;
  /** The database's functions, as `schema.name`, that queries may call even where its catalogue marks them as unsafe. */
  readonly allowFunctions?: readonly string[];
  /** Whether to connect even when the role is a superuser or has similar rights. */
  readonly allowPowerfulRole?: boolean;
  /** Whether link-local addresses and those of clouds' metadata are refused, as for connections of the catalogue. */
  readonly guardsAddress?: boolean;
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
  /** Whether link-local addresses and those of clouds' metadata are refused, as for connections of the catalogue. */
  readonly guardsAddress?: boolean;
}

export interface SparkConnection {
  readonly kind: 'spark';
  /** The sc:// URL of a Spark Connect server, secrets resolved. Never logged. */
  readonly url: string;
  /** The token that every call carries, resolved. Never logged. */
  readonly token?: string;
  /** The absolute path of a PEM file with the authorities to trust; left out: those of Node. */
  readonly caFile?: string;
  /** Whether link-local addresses and those of clouds' metadata are refused, as for connections of the catalogue. */
  readonly guardsAddress?: boolean;
}

export interface FilesConnection {
  readonly kind: 'files';
  /** The absolute path of the directory below which everything is, or the URL of the store. */
  readonly root: string;
  /** The store that the root is in; left out: this machine. */
  readonly store?: StoreConfig;
  readonly tables: Readonly<Record<string, FilesTable>>;
}

/** A place of files that is reached by the network. Secrets are resolved, and never logged. */
export type StoreConfig = S3Config | WebConfig | WebhdfsConfig;

interface StoreBase {
  /** `https://host:9000`, and the path before all others, without a slash at its end. */
  readonly origin: string;
  /** The path of the root, decoded, without slashes at its ends. */
  readonly prefix: string;
  /** The absolute path of a PEM file with the authorities to trust; left out: those of Node. */
  readonly caFile?: string;
  /** Whether link-local addresses and those of clouds' metadata are refused, as for connections of the catalogue. */
  readonly guardsAddress?: boolean;
}

export interface S3Config extends StoreBase {
  readonly kind: 's3';
  readonly bucket: string;
  readonly region: string;
  /** Whether the bucket is the first part of the path, and not of the host's name. */
  readonly pathStyle: boolean;
  /** null: requests are not signed. */
  readonly key: { readonly id: string; readonly secret: string; readonly sessionToken?: string } | null;
}

export interface WebConfig extends StoreBase {
  readonly kind: 'web';
  /** The value of the header `Authorization`. */
  readonly authorization?: string;
}

export interface WebhdfsConfig extends StoreBase {
  readonly kind: 'webhdfs';
  readonly user?: string;
  /** A delegation token. */
  readonly token?: string;
  /** The hosts that a read may be redirected to, besides that of the root: names, or `*.` and a domain. */
  readonly dataNodes: readonly string[];
}

export const FILE_FORMATS = ['parquet', 'csv', 'tsv', 'ndjson', 'excel'] as const;

export type FileFormat = (typeof FILE_FORMATS)[number];

export const FILE_ENCODINGS = ['utf-8', 'cp949', 'euc-kr'] as const;

export type FileEncoding = (typeof FILE_ENCODINGS)[number];

/** Files that are read as one table, and how they are read. */
export interface FilesTable {
  /** The path of a file, a directory or a pattern, below the root. */
  readonly path: string;
  /** Left out: the ending of the files' names tells. */
  readonly format?: FileFormat;
  /** Reads directories `name=value` as columns. An object gives the columns' types; those that it leaves out follow from the values. */
  readonly hive?: boolean | Readonly<Record<string, string>>;
  /** The types of columns of CSV and TSV by their names; those that are left out follow from the first rows. */
  readonly columns?: Readonly<Record<string, string>>;
  /** Whether the first line of a CSV or TSV has the names of the columns; left out: it has. */
  readonly header?: boolean;
  readonly delimiter?: string;
  readonly encoding?: FileEncoding;
  /** The unquoted text that stands for null in CSV and TSV; left out: the empty text. */
  readonly nulls?: string;
  /** The sheet of Excel files; left out: the first. */
  readonly sheet?: string;
}
