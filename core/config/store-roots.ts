/**
 * Roots of connections to files that are URLs: of S3 and its like, of web servers, of HDFS. Each scheme has a group of options; what
 * stands in another one's is a mistake. Errors show no value of an option that may be a secret.
 */
import { resolve } from 'node:path';
import type { StoreConfig } from '../protocol/connection.ts';
import { isJsonObject, type JsonObject } from './json-object.ts';

/** Returns the text that a reference means, as `env:NAME` and `file:PATH`. */
export type Dereference = (value: string) => string | { error: string };

interface StorePlace {
  /** `connections.lake` */
  readonly where: string;
  readonly fileDir: string;
  readonly dereference: Dereference;
}

export interface StoreMistake {
  readonly where: string;
  readonly mistake: string;
}

type Group = 's3' | 'http' | 'webhdfs';

const GROUPS: readonly Group[] = ['s3', 'http', 'webhdfs'];
const SCHEMES: Readonly<Record<string, Group>> = {
  's3:': 's3',
  'http:': 'http',
  'https:': 'http',
  'webhdfs:': 'webhdfs',
  'swebhdfs:': 'webhdfs',
};

/** Whether a root is meant as a URL. */
export function isStoreRoot(root: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(root);
}

class Wrong extends Error {
  readonly option: string;

  constructor(option: string, message: string) {
    super(message);
    this.option = option;
  }
}

/** Returns the store of a connection whose root is a URL. */
export function readStore(value: JsonObject, place: StorePlace): StoreConfig | StoreMistake {
  try {
    const root = String(value.root);
    const scheme = `${root.split('://', 1)[0]!.toLowerCase()}:`;
    const group = SCHEMES[scheme];
    if (group === undefined)
      throw new Wrong(
        'root',
        'must be a directory, or begin with s3://, https://, http://, webhdfs:// or swebhdfs://',
      );
    for (const other of GROUPS)
      if (other !== group && value[other] !== undefined)
        throw new Wrong(other, `goes with another root than ${scheme}//; take it out`);
    const options = optionsOf(value[group], group, place);
    switch (group) {
      case 's3':
        return s3(root, options, place);
      case 'http':
        return web(root, options, place);
      case 'webhdfs':
        return webhdfs(root, options, place);
      default:
        return group satisfies never;
    }
  } catch (thrown) {
    if (!(thrown instanceof Wrong)) throw thrown;
    return { where: `${place.where}.${thrown.option}`, mistake: thrown.message };
  }
}

/** Returns what is said of a group of options of a connection whose root is a directory; null when there is none. */
export function strayGroup(value: JsonObject, where: string): StoreMistake | null {
  const group = GROUPS.find((name) => value[name] !== undefined);
  if (group === undefined) return null;
  return {
    where: `${where}.${group}`,
    mistake: 'goes with a root that is a URL, and this one is a directory',
  };
}

type Options = Readonly<Record<string, unknown>>;

/** The options of a group, with their references followed. */
function optionsOf(value: unknown, group: Group, { dereference }: StorePlace): Options {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(([name, option]) => {
      if (typeof option !== 'string' || name === 'caFile') return [name, option];
      const meant = dereference(option);
      if (typeof meant === 'string') return [name, meant];
      throw new Wrong(`${group}.${name}`, meant.error);
    }),
  );
}

/** The parts of a root that all kinds have. */
function partsOf(root: string): { authority: string; path: string } {
  const match = /^[a-z0-9+.-]+:\/\/([^/]*)(.*)$/is.exec(root);
  const [, authority = '', path = ''] = match ?? [];
  if (authority === '') throw new Wrong('root', 'names no host or bucket behind //');
  if (authority.includes('@'))
    throw new Wrong('root', 'holds a name or a password; they have options of their own');
  if (/[?#\\]/.test(path)) throw new Wrong('root', 'holds ?, # or \\, which no path of files may');
  const names = path.split('/').filter((name) => name !== '');
  if (names.some((name) => name === '.' || name === '..'))
    throw new Wrong('root', 'holds . or .. as a directory');
  return { authority, path: names.join('/') };
}

function origin(scheme: string, authority: string, option: string): string {
  const text = `${scheme}://${authority}`;
  if (!URL.canParse(text)) throw new Wrong(option, 'is no URL with a host');
  return new URL(text).origin;
}

function text(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function caFile(options: Options, { fileDir }: StorePlace): { caFile?: string } {
  const file = text(options, 'caFile');
  return file === undefined ? {} : { caFile: resolve(fileDir, file) };
}

/** Names of regions, which are a part of the name of a host. */
const REGION = /^[a-z0-9-]+$/i;
/** Names of buckets as they may be a part of the name of a host. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,62}$/i;

function s3(root: string, options: Options, place: StorePlace): StoreConfig {
  const { authority: bucket, path } = partsOf(root);
  if (!BUCKET.test(bucket)) throw new Wrong('root', 'names no bucket behind s3://');
  const endpoint = text(options, 'endpoint');
  const region = text(options, 'region') ?? 'us-east-1';
  if (!REGION.test(region)) throw new Wrong('s3.region', 'is no name of a region such as eu-west-1');
  const [id, secret, sessionToken] = ['keyId', 'secret', 'sessionToken'].map((name) => text(options, name));
  if ((id === undefined) !== (secret === undefined))
    throw new Wrong(
      id === undefined ? 's3.keyId' : 's3.secret',
      'is missing: a key has a keyId and a secret',
    );
  if (id === undefined && sessionToken !== undefined)
    throw new Wrong('s3.keyId', 'is missing: a session token goes with a key');
  const { pathStyle } = options;
  return {
    ...{ kind: 's3', bucket, prefix: path, region },
    origin: endpoint === undefined ? `https://s3.${region}.amazonaws.com` : endpointOf(endpoint),
    pathStyle: typeof pathStyle === 'boolean' ? pathStyle : endpoint !== undefined || bucket.includes('.'),
    key:
      id === undefined || secret === undefined
        ? null
        : { id, secret, ...(sessionToken === undefined ? {} : { sessionToken }) },
    ...caFile(options, place),
  };
}

/** An endpoint may have a path before all others, as gateways do. */
function endpointOf(endpoint: string): string {
  if (!/^https?:\/\//i.test(endpoint) || !URL.canParse(endpoint))
    throw new Wrong('s3.endpoint', 'must be a URL such as https://minio.example:9000');
  const url = new URL(endpoint);
  if (url.username !== '' || url.search !== '' || url.hash !== '')
    throw new Wrong('s3.endpoint', 'has a name, a query or a #; a key has options of its own');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function web(root: string, options: Options, place: StorePlace): StoreConfig {
  const { authority, path } = partsOf(root);
  const [token, user, password] = ['token', 'user', 'password'].map((name) => text(options, name));
  if (token !== undefined && user !== undefined)
    throw new Wrong('http.token', 'and http.user are two ways to log in; take one of them out');
  if ((user === undefined) !== (password === undefined))
    throw new Wrong('http.user', 'and http.password go together, and one is missing');
  const basic = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const authorization = token !== undefined ? `Bearer ${token}` : user !== undefined ? basic : undefined;
  return {
    ...{
      kind: 'web',
      origin: origin(root.split('://', 1)[0]!, authority, 'root'),
      prefix: decodedPath(path),
    },
    ...(authorization === undefined ? {} : { authorization }),
    ...caFile(options, place),
  };
}

/** Addresses of the web are written encoded. */
function decodedPath(path: string): string {
  try {
    const names = path.split('/').map(decodeURIComponent);
    if (!names.some((name) => name === '.' || name === '..' || /[/\\]/.test(name))) return names.join('/');
  } catch {
    // told below
  }
  throw new Wrong('root', 'holds a % that encodes no character of a path');
}

function webhdfs(root: string, options: Options, place: StorePlace): StoreConfig {
  const { authority, path } = partsOf(root);
  const scheme = /^swebhdfs:/i.test(root) ? 'https' : 'http';
  const [user, token] = ['user', 'token'].map((name) => text(options, name));
  const { dataNodes } = options;
  return {
    ...{ kind: 'webhdfs', origin: origin(scheme, authority, 'root'), prefix: path },
    ...(user === undefined ? {} : { user }),
    ...(token === undefined ? {} : { token }),
    dataNodes: Array.isArray(dataNodes) ? dataNodes.map((name) => String(name).toLowerCase()) : [],
    ...caFile(options, place),
  };
}
