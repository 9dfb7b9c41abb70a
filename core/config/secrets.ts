/**
 * Secrets that connections of the catalogue may use by name. Each is bound: to the names of connections, and to the hosts that
 * it may be sent to. So whoever may change connections cannot send a secret elsewhere, nor read a variable of this process.
 */
import { isIP } from 'node:net';
import { dirname } from 'node:path';
import { z } from 'zod';
import { resolveReference } from './connections.ts';
import { isJsonObject } from './json-object.ts';
import type { ConfigFile, Environment } from './read.ts';

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
