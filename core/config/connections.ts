/**
 * The named connections: their names, options, and URLs with secrets resolved. An error never shows a URL: it may
 * hold a password. DATABASE_URL is the URL of the connection `main`, whatever the file says; its other options hold.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { ConnectionConfig } from '../protocol/sql-worker.ts';
import type { ConfigFile, Environment } from './read.ts';
import { isJsonObject } from './read.ts';

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
  const add = (name: string, where: string, url: string | { error: string }): void => {
    const error = typeof url === 'string' ? urlProblem(url) : url.error;
    if (error === null) connections[name] = { url: url as string, ...optionsOf(named[name], name, env) };
    else errors.push(`${where}: ${error}`);
  };
  const meant = env[ALLOW_POWERFUL_ROLE];
  if (meant && meant !== 'yes' && meant !== 'no')
    errors.push(`${ALLOW_POWERFUL_ROLE}: must be yes or no, not "${meant}"`);
  if (env.DATABASE_URL) add('main', 'DATABASE_URL', env.DATABASE_URL);
  const fileDir = file.path === null ? cwd : dirname(file.path);
  for (const [name, value] of Object.entries(named)) {
    if (name === 'main' && env.DATABASE_URL) continue;
    if (!/^[a-z_][a-z0-9_-]*$/i.test(name)) {
      errors.push(
        `connections.${name}: a connection's name is a letter, then letters, digits, _ and -. ${MEND}`,
      );
    } else if (isJsonObject(value) && typeof value.url === 'string') {
      add(name, `connections.${name}.url`, resolveReference(value.url, fileDir, env));
    }
  }
  return { connections, errors };
}

/** Returns the options that have the right shape; validation reports the others. */
function optionsOf(value: unknown, name: string, env: Environment): Omit<ConnectionConfig, 'url'> {
  const { allowFunctions, allowPowerfulRole } = isJsonObject(value) ? value : {};
  const isMeant = allowPowerfulRole === true || (name === 'main' && env[ALLOW_POWERFUL_ROLE] === 'yes');
  return {
    ...(Array.isArray(allowFunctions) ? { allowFunctions: allowFunctions.map(String) } : {}),
    ...(isMeant ? { allowPowerfulRole: true } : {}),
  };
}

/** `yes`: what `allowPowerfulRole` is in the file, for the connection `main` of DATABASE_URL. */
const ALLOW_POWERFUL_ROLE = 'FORKLINE_ALLOW_POWERFUL_ROLE';

function resolveReference(value: string, fileDir: string, env: Environment): string | { error: string } {
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

/** null when it is a PostgreSQL URL. */
function urlProblem(url: string): string | null {
  const schemeFits = /^postgres(ql)?:\/\//.test(url);
  if (!schemeFits) return `must be a URL that starts with postgresql://. ${MEND}`;
  try {
    new URL(url);
    return null;
  } catch {
    // The mistake is often in the password, so the message does not carry the URL.
    return `is not a valid URL; characters such as @ / # in the password are written %40 %2F %23. ${MEND}`;
  }
}
