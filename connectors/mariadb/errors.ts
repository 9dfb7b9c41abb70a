/**
 * Turns MariaDB's errors into those that the user is told: a table from its error numbers to ErrorCode. The database's own
 * words are kept; what `mysql2` or Node says about an address or a password is not.
 */
import { type ErrorCode, QueryError } from '../../core/protocol/errors.ts';
import { REFUSED_ADDRESS, REFUSED_ADDRESS_TEXT } from '../kit/address-guard.ts';
import { placeOf } from './error-place.ts';
import { PowerfulUserError } from './guard/user-rights.ts';
import { LoginError } from './login/plugins.ts';
import { UrlError } from './url.ts';
import type { ServerError } from './wire/server-messages.ts';

/** Error codes by MariaDB's error number; numbers that are not listed are `sql-error`. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  1064: 'sql-syntax',
  1149: 'sql-syntax',
  1054: 'unknown-column',
  1052: 'ambiguous-column',
  1305: 'unknown-function',
  1060: 'duplicate-column',
  1044: 'permission-denied',
  1142: 'permission-denied',
  1143: 'permission-denied',
  1227: 'permission-denied',
  1370: 'permission-denied',
  1792: 'read-only',
  1290: 'read-only',
  1036: 'read-only',
  1969: 'deadline-exceeded',
  3024: 'deadline-exceeded',
  1317: 'cancelled', // by somebody else: what we cancel has our own reason
  1205: 'database-overloaded', // lock wait timeout
  1040: 'database-overloaded',
  1203: 'database-overloaded',
  1226: 'database-overloaded',
  1037: 'database-overloaded', // out of memory
  1041: 'database-overloaded',
  1021: 'database-overloaded', // disk full
  1053: 'database-unavailable', // shutdown
  1927: 'database-unavailable', // connection was killed
  1243: 'internal', // unknown prepared statement: we broke the protocol
  1047: 'internal',
};
const RETRY_AFTER_SECONDS = 1;

export function statementError(error: ServerError, sql: string): QueryError {
  const code = CODES[error.number] ?? 'sql-error';
  const retry = code === 'database-unavailable' || code === 'database-overloaded';
  const position = placeOf(error, sql);
  const message = code === 'deadline-exceeded' ? 'the query did not end in the time it had' : error.message;
  return new QueryError(code, message, {
    fromDatabase: true,
    sqlstate: error.sqlstate,
    ...(error.sqlstate.startsWith('22') && { sqlFault: 'value' }),
    ...(position === null ? {} : { sqlPosition: position }),
    ...(retry ? { retryAfterSeconds: RETRY_AFTER_SECONDS } : {}),
  });
}

/** System errors of connecting, in words without an address. */
const CONNECT_FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'it refuses connections',
  ECONNRESET: 'it closed the connection',
  PROTOCOL_CONNECTION_LOST: 'it closed the connection',
  ENOTFOUND: 'its host name is unknown',
  EAI_AGAIN: 'its host name could not be looked up',
  ENOENT: 'its socket does not exist',
  EHOSTUNREACH: 'its host cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  ETIMEDOUT: 'it did not answer in time',
  EACCES: 'its socket may not be opened',
  [REFUSED_ADDRESS]: REFUSED_ADDRESS_TEXT,
  HANDSHAKE_NO_SSL_SUPPORT: 'it does not speak TLS, which sslmode in its URL asks for',
  ER_ACCESS_DENIED_ERROR: 'it refuses the login',
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: 'it refuses the login',
  ER_BAD_DB_ERROR: 'it has no database of the name in its URL',
  ER_DBACCESS_DENIED_ERROR: 'its user may not use the database in its URL',
  ER_HOST_NOT_PRIVILEGED: 'it takes no connections from this host',
  ER_HOST_IS_BLOCKED: 'it has blocked this host after many failed connections',
};
const OVERLOADED = new Set(['ER_CON_COUNT_ERROR', 'ER_TOO_MANY_USER_CONNECTIONS', 'ER_USER_LIMIT_REACHED']);

/** Returns the error of a connection that could not be opened, without its URL. `thrown` is null before the first outcome. */
export function connectFailure(name: string, thrown: unknown): QueryError {
  if (thrown instanceof PowerfulUserError) return userRefused(name, thrown);
  const code = errorCodeOf(thrown);
  const overloaded = code !== null && OVERLOADED.has(code);
  return new QueryError(
    overloaded ? 'database-overloaded' : 'database-unavailable',
    `the database of connection "${name}" is not available: ${overloaded ? 'it takes no more connections' : reasonOf(thrown, code)}`,
    { hint: 'The server keeps trying to reconnect.', retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
}

function userRefused(name: string, { message }: PowerfulUserError): QueryError {
  const allow = `"connections": { "${name}": { "allowPowerfulRole": true } }`;
  return new QueryError('database-unavailable', `the connection "${name}" is refused: ${message}`, {
    hint: `Give it a user that may only read (docs/connections/mariadb.md), or say in the configuration that it is meant: ${allow}`,
  });
}

function reasonOf(thrown: unknown, code: string | null): string {
  if (thrown instanceof UrlError || thrown instanceof LoginError) return thrown.message;
  const known = code === null ? undefined : CONNECT_FAILURES[code];
  if (known !== undefined) return known;
  if (code !== null && /CERT|SIGNATURE|ISSUER|CRL|ALTNAME|SSL/.test(code))
    return `its TLS certificate is not accepted (${code})`;
  if (code !== null && code !== 'HANDSHAKE_UNKNOWN_ERROR') return code;
  if (thrown === null) return 'it did not answer in time';
  return /authentication|plugin/i.test(String(thrown))
    ? 'it asks for a way to log in that this program does not know'
    : 'it could not be set up, and says no more than that';
}

function errorCodeOf(thrown: unknown): string | null {
  if (thrown instanceof AggregateError) return errorCodeOf(thrown.errors[0]);
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return null;
  return typeof thrown.code === 'string' ? thrown.code : null;
}
