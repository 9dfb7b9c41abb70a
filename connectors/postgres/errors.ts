/**
 * Turns errors of the database into errors for users, by a table from SQLSTATE to ErrorCode. The database's own message, hint
 * and position are kept; messages of `pg` or Node about an address or a password are not.
 */
import { type ErrorCode, type ErrorDetails, QueryError } from '../../core/protocol/errors.ts';
import { REFUSED_MARK } from '../../core/protocol/raised-error.ts';
import { placeholderIn, raisedIn } from '../../language/dialects/postgres/errors.ts';
import { REFUSED_ADDRESS, REFUSED_ADDRESS_TEXT } from '../kit/address-guard.ts';
import { PowerfulRoleError } from './guard/role-rights.ts';
import type { ServerError } from './wire/backend-messages.ts';

/** The error codes by SQLSTATE: the whole one is looked up first, then its class (the first two characters). All others are `sql-error`. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  '08': 'database-unavailable',
  '08P01': 'internal', // we broke the protocol
  '25006': 'read-only',
  '42501': 'permission-denied',
  '42601': 'sql-syntax',
  '42703': 'unknown-column',
  '42702': 'ambiguous-column',
  '42883': 'unknown-function',
  '42P02': 'missing-parameter',
  '42P18': 'bad-parameter', // could not determine data type of parameter
  '53': 'database-overloaded',
  '57014': 'deadline-exceeded',
  '57P01': 'database-unavailable',
  '57P02': 'database-unavailable',
  '57P03': 'database-unavailable',
  '57P04': 'database-unavailable',
  '57P05': 'database-unavailable',
  '25P03': 'database-unavailable', // idle-in-transaction timeout: our exchange was interrupted
};

const TOO_FEW_PARAMETERS = /^bind message supplies/;
const MULTIPLE_STATEMENTS = 'cannot insert multiple commands into a prepared statement';
/** Matches PostgreSQL's error context while it reads a bound value. */
const PARAMETER_CONTEXT = /portal parameter \$(\d+)/;
const RETRY_AFTER_SECONDS = 1;

/** Returns the error of a statement for users. A cancel of our own (`57014`) never comes here: the session reports its reason. */
export function statementError(error: ServerError): QueryError {
  const code = codeOf(error);
  const details: ErrorDetails = {
    sqlstate: error.sqlstate,
    fromDatabase: true,
    ...hintOf(error, code),
    ...placeholderIn(error.message),
    ...faultOf(error),
    ...raisedDetail(error),
    ...(error.position === null ? {} : { sqlPosition: error.position }),
    ...(parameterOf(error) === null ? {} : { sqlParameter: Number(parameterOf(error)) }),
    ...(isRetryable(code) ? { retryAfterSeconds: RETRY_AFTER_SECONDS } : {}),
  };
  return new QueryError(code, messageOf(error, code), details);
}

function codeOf(error: ServerError): ErrorCode {
  if (error.message.startsWith(MULTIPLE_STATEMENTS)) return 'multiple-statements';
  if (TOO_FEW_PARAMETERS.test(error.message)) return 'missing-parameter';
  if (error.sqlstate.startsWith('22') && parameterOf(error) !== null) return 'bad-parameter';
  // Somebody else called pg_cancel_backend. A statement timeout has the same SQLSTATE, but another message.
  if (error.sqlstate === '57014' && error.message.includes('user request')) return 'cancelled';
  return CODES[error.sqlstate] ?? CODES[error.sqlstate.slice(0, 2)] ?? 'sql-error';
}

const NEGATIVE_LIMIT = '2201W';

/** Returns the kind of fault for SQLSTATE class 22: a value could not be computed. */
function faultOf({ sqlstate }: ServerError): Pick<ErrorDetails, 'sqlFault'> {
  if (sqlstate === NEGATIVE_LIMIT) return { sqlFault: 'row-count' };
  return sqlstate.startsWith('22') ? { sqlFault: 'value' } : {};
}

function raisedDetail({ message }: ServerError): Pick<ErrorDetails, 'raised'> {
  const raised = raisedIn(message);
  return raised === null ? {} : { raised };
}

function parameterOf({ where }: ServerError): string | null {
  return (where === null ? null : PARAMETER_CONTEXT.exec(where)?.[1]) ?? null;
}

function messageOf(error: ServerError, code: ErrorCode): string {
  if (code === 'multiple-statements') return 'only one statement may be sent at a time';
  if (TOO_FEW_PARAMETERS.test(error.message))
    return 'the statement has more or fewer parameters than were given';
  if (code === 'deadline-exceeded') return 'the query did not end in the time it had';
  // Generated SQL marks a text that it wants a cast to refuse.
  return error.message.replaceAll(REFUSED_MARK, '');
}

function hintOf(error: ServerError, code: ErrorCode): { hint?: string } {
  if (error.hint !== null) return { hint: error.hint };
  if (error.sqlstate === '42P18') return { hint: 'Say what it is with a cast, for example :name::text.' };
  if (code === 'multiple-statements') return { hint: 'Send each statement as a query of its own.' };
  if (error.detail !== null) return { hint: error.detail };
  return {};
}

function isRetryable(code: ErrorCode): boolean {
  return code === 'database-unavailable' || code === 'database-overloaded';
}

/** The system's errors of connecting, in words without an address. */
const CONNECT_FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'it refuses connections',
  ECONNRESET: 'it closed the connection',
  ENOTFOUND: 'its host name is unknown',
  EAI_AGAIN: 'its host name could not be looked up',
  ENOENT: 'its socket does not exist',
  EHOSTUNREACH: 'its host cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  ETIMEDOUT: 'it does not answer',
  EACCES: 'its socket may not be opened',
  [REFUSED_ADDRESS]: REFUSED_ADDRESS_TEXT,
};

const PASSWORD_REFUSED = new Set(['28P01', '28000']);

/** Returns why a connection could not be opened, without any part of its URL. `thrown` is null before the first attempt has ended. */
export function connectFailure(name: string, thrown: unknown): QueryError {
  if (thrown instanceof PowerfulRoleError) return roleRefused(name, thrown);
  const code = errorCodeOf(thrown);
  const sqlstate = code !== null && /^[0-9A-Z]{5}$/.test(code) && !(code in CONNECT_FAILURES) ? code : null;
  const overloaded = sqlstate === '53300';
  return new QueryError(
    overloaded ? 'database-overloaded' : 'database-unavailable',
    `the database of connection "${name}" is not available: ${reasonOf(thrown, code, sqlstate)}`,
    {
      ...(sqlstate === null ? {} : { sqlstate, fromDatabase: true as const }),
      hint: 'The server keeps trying to reconnect.',
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    },
  );
}

function roleRefused(name: string, { message }: PowerfulRoleError): QueryError {
  const allow = `"connections": { "${name}": { "allowPowerfulRole": true } }`;
  return new QueryError('database-unavailable', `the connection "${name}" is refused: ${message}`, {
    hint: `Give it a role that may only read (docs/security.md), or say in the configuration that it is meant: ${allow}`,
  });
}

function reasonOf(thrown: unknown, code: string | null, sqlstate: string | null): string {
  if (sqlstate !== null && PASSWORD_REFUSED.has(sqlstate)) return 'it refuses the login';
  if (sqlstate !== null && thrown instanceof Error) return thrown.message;
  // The URL may name files, such as sslrootcert.
  if (code !== null && syscallOf(thrown) === 'open')
    return `a file that its URL names cannot be read (${code})`;
  if (code !== null && code in CONNECT_FAILURES) return CONNECT_FAILURES[code]!;
  if (code !== null) return isAboutCertificate(code) ? `its TLS certificate is not accepted (${code})` : code;
  return thrown instanceof Error ? wordsWithoutCode(thrown.message) : LATE;
}

const LATE = 'it did not answer in time';

/** Our words for errors of `pg` without a code, recognised by their messages. The message itself may quote the URL and is not passed on. */
const MESSAGES: readonly (readonly [RegExp, string])[] = [
  [/does not support SSL/i, 'it does not speak TLS, which sslmode in its URL asks for'],
  [/establishing an SSL/i, 'it did not answer to the request for TLS as PostgreSQL does'],
  [/timeout/i, LATE],
  [/terminated/i, 'it closed the connection'],
  [/password must be a (?:non-empty )?string/i, 'it wants a password, and its URL has none'],
  [/^SASL/, 'the login failed: both sides understand it differently'],
];

function wordsWithoutCode(message: string): string {
  const known = MESSAGES.find(([pattern]) => pattern.test(message));
  return known?.[1] ?? 'it could not be set up, and says no more than that';
}

function isAboutCertificate(code: string): boolean {
  return /CERT|SIGNATURE|ISSUER|CRL/.test(code);
}

function syscallOf(thrown: unknown): unknown {
  return typeof thrown === 'object' && thrown !== null && 'syscall' in thrown ? thrown.syscall : null;
}

function errorCodeOf(thrown: unknown): string | null {
  if (thrown instanceof AggregateError) return errorCodeOf(thrown.errors[0]);
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return null;
  return typeof thrown.code === 'string' ? thrown.code : null;
}
