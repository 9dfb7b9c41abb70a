/**
 * The named connections: their names, options, and URLs with secrets resolved. An error never shows a URL: it may
 * hold a password. DATABASE_URL is the URL of the connection `main`, whatever the file says; its other options hold.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type {
  ConfiguredConnection,
  ConnectionKind,
  FilesConnection,
  LoginConfig,
  PostgresConnection,
  RoleLogins,
} from '../protocol/connection.ts';
import { isOfOtherKind } from './connection-issues.ts';
import { expectationOf, kindOfConnection } from './connection-kinds.ts';
import { isJsonObject, type JsonObject } from './json-object.ts';
import type { ConfigFile, Environment } from './read.ts';
import { isStoreRoot, readStore, strayGroup } from './store-roots.ts';
import { sparkUrlProblem } from './urls/spark-url.ts';

const MEND = 'For example: "url": "env:CRM_URL", with CRM_URL=postgresql://user:password@host:5432/database';

export interface ResolvedConnections {
  readonly connections: Readonly<Record<string, ConfiguredConnection>>;
  readonly errors: readonly string[];
}

/** Values of a wrong shape are left out here: validation reports them. */
export function resolveConnections(file: ConfigFile, cwd: string, env: Environment): ResolvedConnections {
  const connections: Record<string, ConfiguredConnection> = {};
  const errors: string[] = [];
  const named = isJsonObject(file.values.connections) ? file.values.connections : {};
  const meant = env[ALLOW_POWERFUL_ROLE];
  if (meant && meant !== 'yes' && meant !== 'no')
    errors.push(`${ALLOW_POWERFUL_ROLE}: must be yes or no, not "${meant}"`);
  const fileDir = file.path === null ? cwd : dirname(file.path);
  const add = (name: string, read: ConfiguredConnection | Mistake | null): void => {
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

type Reader = (value: JsonObject, place: Place) => ConfiguredConnection | Mistake | null;

/** Returns null for what has not the right shape. */
export function readConnection(value: unknown, place: Place): ConfiguredConnection | Mistake | null {
  const kind = kindOfConnection(value);
  return kind === null || !isJsonObject(value) ? null : READERS[kind](value, place);
}

const READERS: Readonly<Record<ConnectionKind, Reader>> = {
  postgres: (value, place) => readLogins(null, value, place),
  mariadb: (value, place) => readLogins('mariadb', value, place),
  sqlite: ({ path }, { fileDir }) =>
    typeof path === 'string' && path !== '' ? { kind: 'sqlite', path: resolve(fileDir, path) } : null,
  spark(value, { name, fileDir, env }) {
    const { url, token, caFile } = value;
    if (typeof url !== 'string') return null;
    const at = resolveReference(url, fileDir, env);
    const mistake = typeof at === 'string' ? sparkUrlProblem(at) : at.error;
    if (mistake !== null) return { where: `connections.${name}.url`, mistake };
    const known = typeof token === 'string' ? resolveReference(token, fileDir, env) : undefined;
    if (typeof known === 'object') return { where: `connections.${name}.token`, mistake: known.error };
    return {
      ...{ kind: 'spark', url: at as string },
      ...(known === undefined ? {} : { token: known }),
      ...(typeof caFile === 'string' ? { caFile: resolve(fileDir, caFile) } : {}),
    };
  },
  files: readFiles,
};

function readFiles(value: JsonObject, { name, fileDir, env }: Place): FilesConnection | Mistake | null {
  const { root, tables } = value;
  if (typeof root !== 'string' || root === '') return null;
  const where = `connections.${name}`;
  if (!isStoreRoot(root)) {
    const local: FilesConnection = { kind: 'files', root: resolve(fileDir, root), tables: tablesOf(tables) };
    return strayGroup(value, where) ?? local;
  }
  const dereference = (text: string): ReturnType<typeof resolveReference> =>
    resolveReference(text, fileDir, env);
  const store = readStore(value, { where, fileDir, dereference });
  return 'mistake' in store ? store : { kind: 'files', root, store, tables: tablesOf(tables) };
}

/** Returns what has the shape of a table; validation reports the rest. */
function tablesOf(tables: unknown): FilesConnection['tables'] {
  if (!isJsonObject(tables)) return {};
  return Object.fromEntries(
    Object.entries(tables).filter(([, table]) => isJsonObject(table) && typeof table.path === 'string'),
  ) as unknown as FilesConnection['tables']; // validation has refused the others by the time that they are used
}

/** The connection with its one login, or with a login for each role. `named`: null where the URL may tell the kind. */
function readLogins(
  named: 'mariadb' | null,
  value: JsonObject,
  place: Place,
): LoginConfig | RoleLogins | Mistake | null {
  const { url, roles } = value;
  const { name, env } = place;
  const where = `connections.${name}`;
  if (url !== undefined && roles !== undefined)
    return {
      where: `${where}.url`,
      mistake: `is one login for everybody, and ${where}.roles has one for each role. Take one of them out; a role that is to use this login gets it in ${where}.roles`,
    };
  const options = optionsOf(value, name, env);
  const kind = named ?? kindByUrl(value, place);
  if (roles === undefined) {
    if (typeof url === 'string') return readLogin(kind, url, `${where}.url`, options, place);
    const isToldElsewhere = url !== undefined || isOfOtherKind(value, kind);
    return isToldElsewhere ? null : { where: `${where}.url`, mistake: expectationOf(kind, 'url', name) };
  }
  if (!isJsonObject(roles)) return null;
  const logins: Record<string, LoginConfig> = {};
  for (const [role, login] of Object.entries(roles)) {
    if (!isJsonObject(login) || typeof login.url !== 'string') return null;
    const isPowerful = options.allowPowerfulRole === true || login.allowPowerfulRole === true;
    const own = { ...options, ...(isPowerful ? { allowPowerfulRole: true } : {}) };
    const read = readLogin(kind, login.url, `${where}.roles.${role}.url`, own, place);
    if ('mistake' in read) return read;
    logins[role] = read;
  }
  if (Object.keys(logins).length === 0)
    return { where: `${where}.roles`, mistake: `${expectationOf(kind, 'roles', name)}; here is none` };
  const { allowFunctions } = options;
  return { kind, roles: logins, ...(allowFunctions === undefined ? {} : { allowFunctions }) };
}

function readLogin(
  kind: LoginConfig['kind'],
  url: string,
  where: string,
  options: LoginOptions,
  { fileDir, env }: Place,
): LoginConfig | Mistake {
  const resolved = resolveReference(url, fileDir, env);
  const form = kind === 'postgres' ? POSTGRES_URL : MARIADB_URL;
  const mistake = typeof resolved === 'string' ? urlProblem(resolved, form) : resolved.error;
  return mistake === null ? { kind, url: resolved as string, ...options } : { where, mistake };
}

/** A connection that names no kind has the one of its URL, or of its first role's. */
function kindByUrl({ kind, url, roles }: JsonObject, { fileDir, env }: Place): LoginConfig['kind'] {
  const [first] = isJsonObject(roles) ? Object.values(roles) : [];
  const told = url ?? (isJsonObject(first) ? first.url : undefined);
  if (kind !== undefined || typeof told !== 'string') return 'postgres';
  return isMariadbUrl(resolveReference(told, fileDir, env)) ? 'mariadb' : 'postgres';
}

/** The scheme of the URL tells the kind. `value`: what the file says of the connection `main`. */
function mainOfVariable(value: unknown, url: string, env: Environment): ConfiguredConnection | Mistake {
  const where = 'DATABASE_URL';
  if (isJsonObject(value) && value.roles !== undefined)
    return {
      where,
      mistake:
        'is one login for everybody, but connections.main has one for each role. Unset it, or give that connection another name',
    };
  const kind = isMariadbUrl(url) ? 'mariadb' : 'postgres';
  const named = isJsonObject(value) && value.kind !== undefined ? kindOfConnection(value) : kind;
  if (named !== null && named !== kind)
    return {
      where,
      mistake: `is the URL of a ${TITLES[kind]} database, but connections.main is of another kind. Unset it, or give that connection another name`,
    };
  const mistake = urlProblem(url, kind === 'mariadb' ? MARIADB_URL : POSTGRES_URL);
  const login: LoginConfig = { kind, url, ...optionsOf(value, 'main', env) };
  return mistake === null ? login : { where, mistake };
}

const TITLES = { postgres: 'PostgreSQL', mariadb: 'MariaDB' } as const;

function isMariadbUrl(url: string | { error: string }): boolean {
  return typeof url === 'string' && MARIADB_URL.scheme.test(url);
}

type LoginOptions = Omit<PostgresConnection, 'kind' | 'url'>;

/** Returns the options that have the right shape; validation reports the others. */
function optionsOf(value: unknown, name: string, env: Environment): LoginOptions {
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
