/**
 * The URL of a connection: `mariadb://user:password@host:3306/database`, with what it says of TLS and of the socket in its
 * options. Nothing of it ever reaches a message but the names of options.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly socketPath: string | null;
  readonly user: string;
  readonly password: string;
  readonly database: string | null;
  /** The options of TLS; null: the connection has no TLS. */
  readonly tls: TlsOptions | null;
  /** Whether link-local addresses are refused (connectors/kit/address-guard.ts). */
  readonly guarded?: boolean;
}

export interface TlsOptions {
  readonly ca: string | null;
  readonly rejectUnauthorized: boolean;
  readonly verifyIdentity: boolean;
}

/** The error of a wrong URL, in words without the URL's content. */
export class UrlError extends Error {}

const USUAL_PORT = 3306;
const MODES = ['disable', 'require', 'verify-ca', 'verify-full'];
const OPTIONS = new Set(['socket', 'sslmode', 'sslrootcert']);

/** Throws UrlError. */
export function readUrl(text: string, guarded = false): ServerAddress {
  const url = new URL(text);
  const unknown = [...url.searchParams.keys()].find((name) => !OPTIONS.has(name));
  if (unknown !== undefined)
    throw new UrlError(`its URL has the option ${unknown}; known are ${[...OPTIONS].join(', ')}`);
  const host = decodeURIComponent(url.hostname.replace(/^\[(.*)\]$/, '$1'));
  const socketPath = url.searchParams.get('socket');
  if (host === '' && socketPath === null) throw new UrlError('its URL names no host');
  return {
    host,
    port: url.port === '' ? USUAL_PORT : Number(url.port),
    socketPath,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)) || null,
    tls: tlsOf(url.searchParams, host),
    ...(guarded && { guarded }),
  };
}

/** `verify-full` also compares the host's name; of an address `mysql2` would compare `localhost`. */
function tlsOf(options: URLSearchParams, host: string): TlsOptions | null {
  const ca = options.get('sslrootcert');
  const mode = options.get('sslmode') ?? (ca === null ? 'disable' : 'verify-full');
  if (!MODES.includes(mode)) throw new UrlError(`its URL's sslmode is none of ${MODES.join(', ')}`);
  if (mode === 'disable') {
    if (ca !== null) throw new UrlError('its URL names sslrootcert, and sslmode=disable');
    return null;
  }
  if (mode === 'verify-full' && isIP(host) !== 0)
    throw new UrlError(
      'its URL asks for sslmode=verify-full of an address, which certificates are not compared with: use the host name, or say sslmode=verify-ca',
    );
  return {
    ca: ca === null ? null : readCertificate(ca),
    rejectUnauthorized: mode !== 'require',
    verifyIdentity: mode === 'verify-full',
  };
}

function readCertificate(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new UrlError(
      `the file of its URL's sslrootcert cannot be read (${(thrown as NodeJS.ErrnoException).code})`,
    );
  }
}
