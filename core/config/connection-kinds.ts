/** The kinds of connections: which options each has, and what is said when they are wrong. */
import { z } from 'zod';
import { type ConnectionKind, FILE_ENCODINGS, FILE_FORMATS } from '../protocol/connection.ts';
import { isJsonObject } from './json-object.ts';

/** The kind of a connection that names none. */
const USUAL_KIND: ConnectionKind = 'postgres';

interface KindOfConnection {
  readonly options: z.ZodObject;
  /** Descriptions of the options, for people. */
  readonly wanted: Readonly<Record<string, string>>;
  /** A connection that is as it should be, as JSON. */
  readonly example: string;
}

const ALLOWED_FUNCTION = /^[^.]+\.[^.]+$/;

const LOGIN = z.strictObject({ url: z.string(), allowPowerfulRole: z.boolean().optional() });

/** The options of the login of one role. */
export const LOGIN_OPTIONS: readonly string[] = Object.keys(LOGIN.shape);

/** The logins by role; a connection has these or a `url`. */
function roleOptions() {
  return z.record(z.string(), LOGIN).optional();
}

const ROLES =
  'an object with a login for each role of the policy: {"analyst": {"url": "env:CRM_ANALYST_URL"}}';

const COLUMN_TYPE =
  /^(bool|int64|float64|string|date|time|timestamp|timestamptz|uuid|json|decimal\(\d{1,2},\d{1,2}\))$/;

const COLUMN_TYPES = z.record(z.string().min(1), z.string().regex(COLUMN_TYPE));

const FILES_TABLE = z.strictObject({
  path: z.string().min(1),
  format: z.enum(FILE_FORMATS).optional(),
  hive: z.union([z.boolean(), COLUMN_TYPES]).optional(),
  columns: COLUMN_TYPES.optional(),
  header: z.boolean().optional(),
  delimiter: z.string().length(1).optional(),
  encoding: z.enum(FILE_ENCODINGS).optional(),
  nulls: z.string().optional(),
  sheet: z.string().min(1).optional(),
});

const TEXT = z.string().min(1).optional();

const S3_OPTIONS = z.strictObject({
  ...{ endpoint: TEXT, region: TEXT, keyId: TEXT, secret: TEXT, sessionToken: TEXT, caFile: TEXT },
  pathStyle: z.boolean().optional(),
});

const HTTP_OPTIONS = z.strictObject({ token: TEXT, user: TEXT, password: TEXT, caFile: TEXT });

const WEBHDFS_OPTIONS = z.strictObject({
  ...{ user: TEXT, token: TEXT, caFile: TEXT },
  dataNodes: z.array(z.string().min(1)).optional(),
});

/** The options of a group of a connection to files; null for what is no such group. */
export function optionNamesIn(group: string): readonly string[] | null {
  const groups = { s3: S3_OPTIONS, http: HTTP_OPTIONS, webhdfs: WEBHDFS_OPTIONS };
  return Object.hasOwn(groups, group) ? Object.keys(groups[group as 's3'].shape) : null;
}

const KINDS: Readonly<Record<ConnectionKind, KindOfConnection>> = {
  postgres: {
    options: z.strictObject({
      kind: z.literal('postgres'),
      url: z.string().optional(),
      roles: roleOptions(),
      allowFunctions: z.array(z.string().regex(ALLOWED_FUNCTION)).optional(),
      allowPowerfulRole: z.boolean().optional(),
    }),
    wanted: {
      url: 'the URL of a PostgreSQL database as text, or where it stands: env:NAME, file:PATH',
      roles: ROLES,
      allowFunctions: 'a list of functions, each a schema and a name as in the database: ["billing.total"]',
      allowPowerfulRole: 'true or false',
    },
    example: '{"url": "env:CRM_URL"}',
  },
  mariadb: {
    options: z.strictObject({
      kind: z.literal('mariadb'),
      url: z.string().optional(),
      roles: roleOptions(),
      allowFunctions: z.array(z.string().regex(ALLOWED_FUNCTION)).optional(),
      allowPowerfulRole: z.boolean().optional(),
    }),
    wanted: {
      url: 'the URL of a MariaDB database as text, or where it stands: env:NAME, file:PATH',
      roles: ROLES,
      allowFunctions: 'a list of stored functions, each a schema and a name: ["shop.net_price"]',
      allowPowerfulRole: 'true or false',
    },
    example: '{"kind": "mariadb", "url": "env:SHOP_URL"}',
  },
  sqlite: {
    options: z.strictObject({ kind: z.literal('sqlite'), path: z.string().min(1) }),
    wanted: { path: 'the path of a SQLite file, relative to the configuration' },
    example: '{"kind": "sqlite", "path": "notes.db"}',
  },
  spark: {
    options: z.strictObject({
      kind: z.literal('spark'),
      url: z.string(),
      token: z.string().optional(),
      caFile: z.string().min(1).optional(),
    }),
    wanted: {
      url: 'the URL of a Spark Connect server as text, or where it stands: sc://host:15002, env:NAME, file:PATH',
      token: 'a token as text, or where it stands: env:NAME, file:PATH',
      caFile: 'the path of a PEM file with the authorities to trust, relative to the configuration',
    },
    example: '{"kind": "spark", "url": "sc://spark.example:15002"}',
  },
  files: {
    options: z.strictObject({
      kind: z.literal('files'),
      root: z.string().min(1),
      tables: z.record(z.string().min(1), FILES_TABLE).optional(),
      s3: S3_OPTIONS.optional(),
      http: HTTP_OPTIONS.optional(),
      webhdfs: WEBHDFS_OPTIONS.optional(),
    }),
    wanted: {
      root: 'the path of a directory, relative to the configuration, or a URL: s3://bucket/prefix, https://host/path, webhdfs://host:9870/path',
      s3: 'how S3 or its like is reached: {"endpoint": "https://minio.example:9000", "region": "us-east-1", "keyId": "env:S3_KEY_ID", "secret": "env:S3_SECRET"}',
      http: 'how one logs in at a web server: {"token": "env:FILES_TOKEN"}, or user and password',
      webhdfs: 'how HDFS is reached: {"user": "etl", "dataNodes": ["*.hdfs.example"]}',
      tables:
        'tables by name, each with a path below the root and its options (docs/connections/files.md): {"sales": {"path": "sales/**/*.parquet", "hive": true}}',
    },
    example: '{"kind": "files", "root": "data", "tables": {"sales": {"path": "sales/*.parquet"}}}',
  },
};

const KIND_NAMES = Object.keys(KINDS) as ConnectionKind[];

/** The schema of one connection: a union on `kind`. */
export function connectionOptions() {
  const [first, ...others] = Object.values(KINDS).map(({ options }) => options);
  return z.preprocess(withKind, z.discriminatedUnion('kind', [first!, ...others]));
}

function withKind(value: unknown): unknown {
  return isJsonObject(value) && value.kind === undefined ? { ...value, kind: USUAL_KIND } : value;
}

/** Returns null for a kind that there is not. */
export function kindOfConnection(value: unknown): ConnectionKind | null {
  const kind = (isJsonObject(value) ? value.kind : undefined) ?? USUAL_KIND;
  return KIND_NAMES.find((name) => name === kind) ?? null;
}

export function kindNames(): readonly ConnectionKind[] {
  return KIND_NAMES;
}

export function optionNames(kind: ConnectionKind): readonly string[] {
  return Object.keys(KINDS[kind].options.shape);
}

/** `must be ... For example: "connections": {...}` */
export function expectationOf(kind: ConnectionKind, option: string, name: string): string {
  const { wanted, example } = KINDS[kind];
  return `must be ${wanted[option] ?? 'otherwise'}. For example: "connections": {${JSON.stringify(name)}: ${example}}`;
}

export function exampleOf(kind: ConnectionKind, name: string): string {
  return `"connections": {${JSON.stringify(name)}: ${KINDS[kind].example}}`;
}
