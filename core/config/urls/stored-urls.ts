/** The URLs of connections of the catalogue: each only says where a database is and who logs in, and has no secret in it. */
import { openTokenProblem, readUrl, sparkUrlProblem } from './spark-url.ts';

type Options = { [name: string]: unknown };

export interface StoredUrl {
  readonly host: string;
  /** null: the kind's usual one. */
  readonly port: string | null;
  /** The user in the URL and the secret, as options of the connection; null: there is no secret. */
  login(secret: string | null): Options | WrongUrl;
}

export interface WrongUrl {
  readonly mistake: string;
}

/** The options that a URL may have. */
const URL_OPTIONS: readonly string[] = ['sslmode'];
/**
 * Stands where a connection has no secret: without any password `pg` would send what PGPASSWORD or a file of this
 * process says, which is bound to nothing.
 */
const NO_PASSWORD = 'forkline-has-no-secret-for-this-connection';
const TAKE_OUT = 'take it out, declare a secret in the configuration, and name it in "secret"';

/** Returns the parts of a URL, or what is wrong with it. */
export function storedUrl(kind: unknown, text: string): StoredUrl | WrongUrl {
  return kind === 'spark' ? sparkUrl(text) : databaseUrl(text);
}

function databaseUrl(text: string): StoredUrl | WrongUrl {
  if (!URL.canParse(text)) return { mistake: 'is no URL such as postgresql://user@host:5432/database' };
  const url = new URL(text);
  if (url.password !== '') return { mistake: `has a password; ${TAKE_OUT}` };
  if (url.username === '') return { mistake: 'names no user: postgresql://user@host:5432/database' };
  if (url.hostname === '' || url.hostname.includes('%') || url.hostname.includes(','))
    return { mistake: 'names no host: postgresql://user@host:5432/database' };
  if (url.hash !== '') return { mistake: 'has a #, which is written %23' };
  const other = [...url.searchParams.keys()].find((option) => !URL_OPTIONS.includes(option));
  if (other !== undefined)
    return { mistake: `has the option ${other}; in the catalogue there is ${URL_OPTIONS.join(', ')} only` };
  return {
    host: url.hostname,
    port: url.port === '' ? null : url.port,
    login(secret) {
      const whole = new URL(text);
      whole.password = encodeURIComponent(secret ?? NO_PASSWORD);
      return { url: whole.href };
    },
  };
}

function sparkUrl(text: string): StoredUrl | WrongUrl {
  const mistake = sparkUrlProblem(text);
  if (mistake !== null) return { mistake };
  const { host, port, tls, token: written } = readUrl(text);
  if (written !== null) return { mistake: `has a token; ${TAKE_OUT}` };
  return {
    host,
    port: String(port),
    login(token) {
      const problem = openTokenProblem({ token, tls, host });
      if (problem !== null) return { mistake: problem };
      if (token !== null && /^(?:env|file):/.test(token))
        return {
          mistake: 'has a secret whose value begins with env: or file:, which is a reference to another',
        };
      return token === null ? {} : { token };
    },
  };
}
