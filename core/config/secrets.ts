/**
 * Secrets that connections of the catalogue may use by name. Each is bound: to the names of connections, and to the hosts that
 * it may be sent to. So whoever may change connections cannot send a secret elsewhere, nor read a variable of this process.
 */
import { isIP } from 'node:net';
import { dirname } from 'node:path';
import { z } from 'zod';
import { resolveReference } from './connections.ts';
import { isJsonObject, type JsonObject } from './json-object.ts';
import type { ConfigFile, Environment } from './read.ts';
import { readStore } from './store-roots.ts';

const HOST = /^[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?$/i;

/** `host` or `host:port`; an IPv6 address in brackets. */
function isHost(text: string): boolean {
  const [, bracketed, name, port] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return false;
  return bracketed === undefined ? name !== undefined && HOST.test(name) : isIP(bracketed) === 6;
}

const SECRET = z.strictObject({
  value: z.string().regex(/^(?:env|file):./),
  connections: z.array(z.string()).min(1),
  hosts: z.array(z.string().refine(isHost)).min(1),
});

export function secretOptions() {
  return z.record(z.string().regex(/^[a-z_][a-z0-9_-]{0,62}$/i), SECRET).default({});
}

export interface Secret {
  readonly value: string;
  readonly connections: readonly string[];
  /** `host` or `host:port`. */
  readonly hosts: readonly string[];
}

/** The host that a secret is to be sent to. */
export interface SecretHost {
  readonly host: string;
  /** null: the kind's usual one. */
  readonly port: string | null;
}

/** Returns the value of the secret that a connection names, where it is bound to both the connection and the host. */
export function secretFor(
  name: string,
  { host, port }: SecretHost,
  secret: string,
  secrets: ReadonlyMap<string, Secret>,
): string | { readonly mistake: string } {
  const found = secrets.get(secret);
  const declare = `"secrets": {"${secret}": {"value": "env:...", "connections": ["${name}"], "hosts": ["${host}"]}}`;
  if (found === undefined)
    return {
      mistake: `the configuration declares no secret ${JSON.stringify(secret)}. It would be ${declare}`,
    };
  if (!found.connections.includes(name))
    return {
      mistake: `the secret ${secret} is not for the connection ${name}: the configuration would say so (secrets.${secret}.connections)`,
    };
  const wanted = host.toLowerCase();
  const isBound = found.hosts.some((each) => {
    const bound = each.toLowerCase();
    return bound === wanted || (port !== null && bound === `${wanted}:${port}`);
  });
  return isBound
    ? found.value
    : {
        mistake: `the secret ${secret} is not for the host ${host}${port === null ? '' : `:${port}`}: the configuration would say so (secrets.${secret}.hosts)`,
      };
}

/** The options of groups of stores that are secrets in the configuration, and names of secrets in the catalogue. */
const SECRET_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  s3: ['secret', 'sessionToken'],
  http: ['token', 'password'],
  webhdfs: ['token'],
};

/** The options that name a file of this machine. */
export const CA_FILES: readonly string[] = Object.keys(SECRET_OPTIONS).map((group) => `${group}.caFile`);

/** Returns those of a connection, by their whole names. */
export function caFiles(options: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.keys(SECRET_OPTIONS).flatMap((group) => {
      const own = options[group];
      return isJsonObject(own) && own.caFile !== undefined ? [[`${group}.caFile`, own.caFile]] : [];
    }),
  );
}

/** Returns the connection with its secrets in the places of their names. Adds to `mistakes`. */
export function withStoreSecrets(
  name: string,
  options: JsonObject,
  secrets: ReadonlyMap<string, Secret>,
  mistakes: string[],
): JsonObject {
  const store = readStore(options, { where: '', fileDir: '/', dereference: (text) => text });
  if ('mistake' in store) {
    mistakes.push(`${store.where.replace(/^\./, '')}: ${store.mistake}`);
    return options;
  }
  const host = hostOf(store.origin);
  const groups = Object.entries(SECRET_OPTIONS).flatMap(([group, names]) => {
    const own = options[group];
    if (!isJsonObject(own)) return [];
    const filled = Object.entries(own).map(([option, value]) => {
      if (!names.includes(option)) return [option, value];
      const found = secretOf(name, host, String(value), secrets);
      if (typeof found === 'string') return [option, found];
      mistakes.push(`${group}.${option}: ${found.mistake}`);
      return [option, value];
    });
    return [[group, Object.fromEntries(filled)] as const];
  });
  return { ...options, ...Object.fromEntries(groups) };
}

/** Says nothing of a text that names no secret: somebody may have written the secret itself. */
function secretOf(
  name: string,
  { host, port }: SecretHost,
  secret: string,
  secrets: ReadonlyMap<string, Secret>,
): string | { readonly mistake: string } {
  if (!secrets.has(secret))
    return {
      mistake: `must be the name of a secret that the configuration declares, never the secret itself: "secrets": {"lake-key": {"value": "env:...", "connections": ["${name}"], "hosts": ["${host}"]}}`,
    };
  const found = secretFor(name, { host, port }, secret, secrets);
  return typeof found === 'string' && /^(?:env|file):/.test(found)
    ? {
        mistake: `the value of the secret ${secret} begins with env: or file:, which is a reference to another`,
      }
    : found;
}

function hostOf(origin: string): SecretHost {
  const { hostname, port, protocol } = new URL(origin);
  return { host: hostname, port: port === '' ? (protocol === 'https:' ? '443' : '80') : port };
}

export interface ResolvedSecrets {
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly errors: readonly string[];
}

/** Reads what the references name. Values of a wrong shape are left out: validation reports them. */
export function resolveSecrets(file: ConfigFile, cwd: string, env: Environment): ResolvedSecrets {
  const named = isJsonObject(file.values.secrets) ? file.values.secrets : {};
  const fileDir = file.path === null ? cwd : dirname(file.path);
  const secrets = new Map<string, Secret>();
  const errors: string[] = [];
  for (const [name, given] of Object.entries(named)) {
    const parsed = SECRET.safeParse(given);
    if (!parsed.success) continue;
    const { value, connections, hosts } = parsed.data;
    const found = resolveReference(value, fileDir, env);
    if (typeof found === 'string') secrets.set(name, { value: found, connections, hosts });
    else errors.push(`secrets.${name}.value: ${found.error.replace(/\. For example:.*$/s, '')}`);
  }
  return { secrets, errors };
}

const EXAMPLE =
  '"secrets": {"crm-reader": {"value": "env:CRM_PASSWORD", "connections": ["crm"], "hosts": ["db.example.com:5432"]}}';

const EXPECTED: Readonly<Record<string, string>> = {
  value: 'where the secret stands: env:NAME or file:PATH, never the secret itself',
  connections: 'the names of the connections that may use it',
  hosts:
    'the hosts that it may be sent to, each a name or an address, and a port where only that one is meant',
};

/** Returns a line for people about a mistake that validation found. */
export function describeSecretIssue(issue: z.core.$ZodIssue): string {
  const [, name, option] = issue.path.map(String);
  if (name === undefined)
    return `secrets: must be an object with a secret for each name. For example: ${EXAMPLE}`;
  const where = `secrets.${name}`;
  if (issue.code === 'invalid_key')
    return `${where}: a secret's name is a letter, then letters, digits, _ and -. For example: ${EXAMPLE}`;
  if (issue.code === 'unrecognized_keys')
    return `${where}.${issue.keys[0]}: there is no such option; known here: ${Object.keys(EXPECTED).join(', ')}`;
  if (option === undefined || EXPECTED[option] === undefined)
    return `${where}: must be an object with ${Object.keys(EXPECTED).join(', ')}. For example: ${EXAMPLE}`;
  return `${where}.${option}: must be ${EXPECTED[option]}. For example: ${EXAMPLE}`;
}
