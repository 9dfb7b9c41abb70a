/**
 * The named connections: their names, options, and URLs with secrets resolved. An error never shows a URL: it may
 * hold a password. DATABASE_URL is the URL of the connection `main`, whatever the file says; its other options hold.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type {
  ConnectionConfig,
  ConnectionKind,
  FilesConnection,
  MariadbConnection,
  PostgresConnection,
} from '../protocol/connection.ts';
import { kindOfConnection } from './connection-kinds.ts';
import { isJsonObject, type JsonObject } from './json-object.ts';
import type { ConfigFile, Environment } from './read.ts';

const MEND = 'For example: "url": "env:CRM_URL", with CRM_URL=postgresql://user:password@host:5432/database';

export interface ResolvedConnections {
  readonly connections: Readonly<Record<string, ConnectionConfig>>;
  readonly errors: readonly string[];
}

/** Values of a wrong shape are left out here: validation reports them. */
export function resolveConnections(file: ConfigFile, cwd: string, env: Environment): ResolvedConnections {
  const connections: Record<string, ConnectionConfig> = {};
  const errors: string[] = [];
  const named = isJsonObject(file.values.connections) ? file.values.connections : {};
  const meant = env[ALLOW_POWERFUL_ROLE];
  if (meant && meant !== 'yes' && meant !== 'no')
    errors.push(`${ALLOW_POWERFUL_ROLE}: must be yes or no, not "${meant}"`);
  const fileDir = file.path === null ? cwd : dirname(file.path);
  const add = (name: string, read: ConnectionConfig | Mistake | null): void => {
    if (read === null) return;
    if ('mistake' in read) errors.push(`${read.where}: ${read.mistake}`);
    else connections[name] = read;
  };
  if (env.DATABASE_URL) add('main', mainOfVariable(named.main, env.DATABASE_URL, env));
  for (const [name, value] of Object.entries(named)) {
    if (name === 'main' && env.DATABASE_URL) continue;
    if (CONNECTION_NAME.test(name)) add(name, readConnection(value, { name, fileDir, env }));
    else
      errors.push(
        `connections.${name}: a connection's name is a letter, then letters, digits, _ and -. ${MEND}`,
      );
  }
  return { connections, errors };
}

export const CONNECTION_NAME = /^[a-z_][a-z0-9_-]*$/i;

export interface Mistake {
  /** The option or the variable that it is about. */
  readonly where: string;
  readonly mistake: string;
}

export interface Place {
  readonly name: string;
  readonly fileDir: string;
  readonly env: Environment;
}

type Reader = (value: JsonObject, place: Place) => ConnectionConfig | Mistake | null;

/** Returns null for what has not the right shape. */
export function readConnection(value: unknown, place: Place): ConnectionConfig | Mistake | null {
  const kind = kindOfConnection(value);
  return kind === null || !isJsonObject(value) ? null : READERS[kind](value, place);
}

const READERS: Readonly<Record<ConnectionKind, Reader>> = {
  postgres(value, { name, fileDir, env }) {
    if (typeof value.url !== 'string') return null;
    const where = `connections.${name}.url`;
    const url = resolveReference(value.url, fileDir, env);
    // A connection that names no kind has the one of its URL.
    const kind = value.kind === undefined && isMariadbUrl(url) ? 'mariadb' : 'postgres';
    return serverAt(kind, where, url, optionsOf(value, name, env));
  },
  mariadb(value, { name, fileDir, env }) {
    if (typeof value.url !== 'string') return null;
    const url = resolveReference(value.url, fileDir, env);
    return serverAt('mariadb', `connections.${name}.url`, url, optionsOf(value, name, env));
  },
  sqlite: ({ path }, { fileDir }) =>
    typeof path === 'string' && path !== '' ? { kind: 'sqlite', path: resolve(fileDir, path) } : null,
  files: ({ root, tables }, { fileDir }) =>
    typeof root === 'string' && root !== ''
      ? { kind: 'files', root: resolve(fileDir, root), tables: tablesOf(tables) }
      : null,
};

/** Returns what has the shape of a table; validation reports the rest. */
function tablesOf(tables: unknown): FilesConnection['tables'] {
  if (!isJsonObject(tables)) return {};
  return Object.fromEntries(
    Object.entries(tables).filter(([, table]) => isJsonObject(table) && typeof table.path === 'string'),
  ) as unknown as FilesConnection['tables']; // validation has refused the others by the time that they are used
}

/** The scheme of the URL tells the kind. `value`: what the file says of the connection `main`. */
function mainOfVariable(value: unknown, url: string, env: Environment): ConnectionConfig | Mistake {
  const where = 'DATABASE_URL';
  const kind = isMariadbUrl(url) ? 'mariadb' : 'postgres';
  const named = isJsonObject(value) && value.kind !== undefined ? kindOfConnection(value) : kind;
  if (named !== null && named !== kind)
    return {
      where,
      mistake: `is the URL of a ${TITLES[kind]} database, but connections.main is of another kind. Unset it, or give that connection another name`,
    };
  return serverAt(kind, where, url, optionsOf(value, 'main', env));
}

const TITLES = { postgres: 'PostgreSQL', mariadb: 'MariaDB' } as const;

function serverAt(
  kind: 'postgres' | 'mariadb',
  where: string,
  url: string | { error: string },
  options: Omit<PostgresConnection, 'kind' | 'url'>,
): PostgresConnection | MariadbConnection | Mistake {
  const form = kind === 'mariadb' ? MARIADB_URL : POSTGRES_URL;
  const mistake = typeof url === 'string' ? urlProblem(url, form) : url.error;
  return mistake === null ? { kind, url: url as string, ...options } : { where, mistake };
}

function isMariadbUrl(url: string | { error: string }): boolean {
  return typeof url === 'string' && MARIADB_URL.scheme.test(url);
}

/** Returns the options that have the right shape; validation reports the others. */
function optionsOf(value: unknown, name: string, env: Environment): Omit<PostgresConnection, 'kind' | 'url'> {
  const { allowFunctions, allowPowerfulRole } = isJsonObject(value) ? value : {};
  const isMeant = allowPowerfulRole === true || (name === 'main' && env[ALLOW_POWERFUL_ROLE] === 'yes');
  return {
    ...(Array.isArray(allowFunctions) ? { allowFunctions: allowFunctions.map(String) } : {}),
    ...(isMeant ? { allowPowerfulRole: true } : {}),
  };
}

/** `yes`: what `allowPowerfulRole` is in the file, for the connection `main` of DATABASE_URL. */
const ALLOW_POWERFUL_ROLE = 'FORKLINE_ALLOW_POWERFUL_ROLE';

/** Returns the text that a value means: itself, or that of the variable or file that it names. */
export function resolveReference(
  value: string,
  fileDir: string,
  env: Environment,
): string | { error: string } {
  if (value.startsWith('env:')) {
    const name = value.slice('env:'.length);
    return env[name] || { error: `the environment variable ${name} is not set. ${MEND}` };
  }
  if (!value.startsWith('file:') || value.startsWith('file://')) return value;
  const path = resolve(fileDir, value.slice('file:'.length));
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    return { error: `the file ${path} cannot be read (${(error as NodeJS.ErrnoException).code})` };
  }
}

interface UrlForm {
  readonly scheme: RegExp;
  /** The beginning, as people are told it. */
  readonly begins: string;
  readonly mend: string;
}

const POSTGRES_URL: UrlForm = { scheme: /^postgres(ql)?:\/\//, begins: 'postgresql://', mend: MEND };
const MARIADB_URL: UrlForm = {
  scheme: /^(mariadb|mysql):\/\//,
  begins: 'mariadb:// or mysql://',
  mend: 'For example: "url": "env:SHOP_URL", with SHOP_URL=mariadb://user:password@host:3306/database',
};

/** Returns what is wrong with the URL of a PostgreSQL database; null when nothing is. */
export function postgresUrlProblem(url: string, mend: string): string | null {
  return urlProblem(url, { ...POSTGRES_URL, mend });
}

/** null when it is a URL of this form. */
function urlProblem(url: string, { scheme, begins, mend }: UrlForm): string | null {
  if (!scheme.test(url)) return `must be a URL that starts with ${begins}. ${mend}`;
  try {
    new URL(url);
    return null;
  } catch {
    // The mistake is often in the password, so the message does not carry the URL.
    return `is not a valid URL; characters such as @ / # in the password are written %40 %2F %23. ${mend}`;
  }
}
