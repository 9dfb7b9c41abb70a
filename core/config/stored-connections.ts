/**
 * Reads a connection of the catalogue: the options of its kind as the configuration has them, but no references, no
 * password, only `secret` with the name of a secret that is bound to this connection and its host, and files only below
 * the directories that the configuration names. Every mistake is told, with its mend.
 */
import { realpathSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import { type ConfiguredConnection, hasRoles } from '../protocol/connection.ts';
import type { ConnectionDefinition } from '../protocol/stored-connections.ts';
import { describeConnectionIssue } from './connection-issues.ts';
import { connectionOptions } from './connection-kinds.ts';
import { CONNECTION_NAME, readConnection } from './connections.ts';
import { isJsonObject, type JsonObject } from './json-object.ts';
import { CA_FILES, caFiles, type Secret, secretFor, withStoreSecrets } from './secrets.ts';
import { isStoreRoot } from './store-roots.ts';
import { storedUrl, type WrongUrl } from './urls/stored-urls.ts';

export interface StoredPlace {
  readonly secrets: ReadonlyMap<string, Secret>;
  /** Absolute paths of directories, below which files may be read. */
  readonly directories: readonly string[];
}

export type ReadStored =
  | { readonly connection: ConfiguredConnection }
  | { readonly mistakes: readonly string[] };

/** The most characters of a name: those of a name in PostgreSQL. */
const MOST_NAME = 63;
/** The kinds whose connectors keep from link-local addresses (guardsAddress), or read files of this machine. */
const KINDS: readonly string[] = ['postgres', 'mariadb', 'spark', 'sqlite', 'files'];

/** Returns what is wrong with a connection's name; null when nothing is. */
function connectionNameProblem(name: string): string | null {
  if (CONNECTION_NAME.test(name) && name.length <= MOST_NAME && name !== '__proto__') return null;
  return `a connection's name is a letter, then letters, digits, _ and - (${MOST_NAME} at most)`;
}

/** Never throws for what a user wrote. */
export function readStored(name: string, definition: ConnectionDefinition, place: StoredPlace): ReadStored {
  const nameProblem = connectionNameProblem(name);
  if (nameProblem !== null) return { mistakes: [nameProblem] };
  const { options, mistakes } = withoutSecrets(definition);
  mistakes.push(
    ...shapeProblems(name, options),
    ...referencesIn('', options),
    ...powers(options),
    ...openToken(options),
  );
  if (mistakes.length > 0) return { mistakes };
  const isStore = typeof options.root === 'string' && isStoreRoot(options.root);
  const filled = isStore
    ? withStoreSecrets(name, options, place.secrets, mistakes)
    : withSecrets(name, definition, place, mistakes);
  mistakes.push(...pathProblems(isStore ? caFiles(options) : options, place.directories));
  if (mistakes.length > 0) return { mistakes };
  const read = readConnection(filled, { name, fileDir: '/', env: {} });
  if (read === null) return { mistakes: ['it is no connection'] };
  if ('mistake' in read)
    return { mistakes: [`${read.where.replace(`connections.${name}.`, '')}: ${read.mistake}`] };
  if (!KINDS.includes(read.kind))
    return { mistakes: [`kind: connections of the kind ${read.kind} stand in the configuration only`] };
  return { connection: guarded(read) };
}

/** The definition without the names of its secrets, as the kinds' own options have it. */
function withoutSecrets(definition: ConnectionDefinition): { options: JsonObject; mistakes: string[] } {
  const mistakes: string[] = [];
  const strip = (value: unknown, where: string): unknown => {
    if (!isJsonObject(value)) return value;
    const { secret, ...rest } = value;
    if (secret !== undefined && typeof secret !== 'string')
      mistakes.push(`${where}secret: must be the name of a secret that the configuration declares`);
    if (secret !== undefined && typeof rest.url !== 'string')
      mistakes.push(
        `${where}secret: a secret goes with a url, and there is none${rest.kind === 'files' ? '; a store has its secrets in its group of options: "s3": {"keyId": "...", "secret": "lake-key"}' : ''}`,
      );
    return rest;
  };
  const options = strip(definition, '') as JsonObject;
  if (isJsonObject(options.roles))
    options.roles = Object.fromEntries(
      Object.entries(options.roles).map(([role, login]) => [role, strip(login, `roles.${role}.`)]),
    );
  return { options, mistakes };
}

function shapeProblems(name: string, options: JsonObject): string[] {
  const parsed = connectionOptions().safeParse(options);
  if (parsed.success) return [];
  const lines = parsed.error.issues.flatMap((issue) =>
    describeConnectionIssue({ ...issue, path: ['connections', name, ...issue.path] }, { [name]: options }),
  );
  return lines.map((line) => line.replace(`connections.${name}.`, '').replace(`connections.${name}: `, ''));
}

/** References would let whoever writes a connection read a variable or a file of this machine. */
function referencesIn(where: string, value: unknown): string[] {
  if (typeof value === 'string')
    return /^(?:env:|file:)/i.test(value)
      ? [
          `${where}: references such as env: and file: stand in the configuration only: declare a secret there, bound to this connection and its host ("secrets"), and name it in "secret"`,
        ]
      : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    referencesIn(where === '' ? key : `${where}.${key}`, inner),
  );
}

/** The right to administer Forkline is not that to let queries run with a superuser's rights. */
function powers(options: JsonObject): string[] {
  const logins = isJsonObject(options.roles) ? Object.values(options.roles) : [];
  return [options, ...logins].some((each) => isJsonObject(each) && each.allowPowerfulRole === true)
    ? [
        'allowPowerfulRole: only the configuration may say that a powerful role is meant; put this connection there',
      ]
    : [];
}

/** A token in a definition would be shown to everybody who may see connections. */
function openToken({ token }: JsonObject): string[] {
  return token === undefined
    ? []
    : ['token: take it out, declare a secret in the configuration, and name it in "secret"'];
}

/** The definition with its secrets in its URLs. Adds to `mistakes`. */
function withSecrets(
  name: string,
  definition: ConnectionDefinition,
  { secrets }: StoredPlace,
  mistakes: string[],
): JsonObject {
  const fill = (value: unknown, where: string): unknown => {
    if (!isJsonObject(value) || typeof value.url !== 'string') return value;
    const { secret, ...rest } = value;
    const refuse = (option: string, { mistake }: WrongUrl): JsonObject => {
      mistakes.push(`${where}${option}: ${mistake}`);
      return rest;
    };
    const url = storedUrl(definition.kind, value.url);
    if ('mistake' in url) return refuse('url', url);
    const found = secret === undefined ? null : secretFor(name, url, String(secret), secrets);
    if (isWrong(found)) return refuse('secret', found);
    const login = url.login(found);
    return isWrong(login) ? refuse('url', login) : { ...rest, ...login };
  };
  const filled = fill(definition, '') as JsonObject;
  if (!isJsonObject(filled.roles)) return filled;
  const roles = Object.entries(filled.roles).map(([role, login]) => [role, fill(login, `roles.${role}.`)]);
  return { ...filled, roles: Object.fromEntries(roles) as JsonObject };
}

function isWrong(found: unknown): found is WrongUrl {
  return isJsonObject(found) && 'mistake' in found;
}

/** Files stand below the directories that the configuration names, wherever links lead. */
function pathProblems(options: JsonObject, directories: readonly string[]): string[] {
  return ['path', 'root', 'caFile', ...CA_FILES].flatMap((option) => {
    const path = options[option];
    if (typeof path !== 'string') return [];
    if (!isAbsolute(path)) return [`${option}: must be an absolute path`];
    if (directories.length === 0)
      return [
        `${option}: the catalogue may read no files here; the configuration would name their directory in store.directories`,
      ];
    const real = realPath(path);
    if (real === null) return [`${option}: there is nothing at ${path}`];
    return directories.some((directory) => isBelow(real, realPath(directory)))
      ? []
      : [
          `${option}: must be below one of store.directories of the configuration (${directories.join(', ')})`,
        ];
  });
}

function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

function isBelow(path: string, directory: string | null): boolean {
  if (directory === null) return false;
  const way = relative(directory, path);
  return way === '' || !(way === '..' || way.startsWith('../') || isAbsolute(way));
}

function guarded(connection: ConfiguredConnection): ConfiguredConnection {
  if (connection.kind === 'files' && connection.store !== undefined)
    return { ...connection, store: { ...connection.store, guardsAddress: true } };
  if ('url' in connection) return { ...connection, guardsAddress: true };
  if (!hasRoles(connection)) return connection;
  const roles = Object.entries(connection.roles).map(([role, login]) => [
    role,
    { ...login, guardsAddress: true },
  ]);
  return { ...connection, roles: Object.fromEntries(roles) };
}
