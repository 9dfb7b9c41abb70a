/** The one table with the HTTP status of each error code, whether sending the same again may help, and a short title. */
import type { ErrorCode } from '../../core/protocol/errors.ts';

interface ErrorClass {
  readonly status: number;
  readonly retryable: boolean;
  readonly title: string;
}

function mistake(title: string, status = 400): ErrorClass {
  return { status, retryable: false, title };
}

function passing(title: string, status = 503): ErrorClass {
  return { status, retryable: true, title };
}

export const errorClasses = {
  'bad-request': mistake('Bad request'),
  'bad-json': mistake('Body is not valid JSON'),
  'unsupported-media-type': mistake('Unsupported body type', 415),
  'not-acceptable': mistake('Unknown answer format', 406),
  'query-too-large': mistake('Query text too large', 413),
  'not-found': mistake('Not found', 404),
  'method-not-allowed': mistake('Method not allowed', 405),
  'duplicate-query-id': mistake('Query id in use', 409),
  'unknown-host': mistake('Unknown host name', 421),
  'foreign-origin': mistake('Not for this web page', 403),
  'too-many-connections': passing('Too many connections'),
  unauthenticated: mistake('Not authenticated', 401),
  forbidden: mistake('Not allowed', 403),
  'audit-unavailable': passing('Audit unavailable'),
  'no-login': mistake('No login for the connection', 403),
  'identity-unavailable': passing('Identity provider unavailable'),
  'bad-encryption': mistake('Bad encrypted query'),
  'unknown-encryption-key': mistake('Encrypted for another key'),
  'query-replayed': mistake('Encrypted query sent twice', 409),
  'encryption-unavailable': passing('Encrypted queries unavailable'),

  'empty-query': mistake('Empty query'),
  syntax: mistake('Syntax error'),
  'unterminated-string': mistake('Unterminated string, name or comment'),
  'unknown-stage': mistake('Unknown stage'),
  'unknown-source': mistake('Unknown source'),
  'unknown-column': mistake('Unknown column'),
  'ambiguous-column': mistake('Ambiguous column'),
  'unknown-function': mistake('Unknown function'),
  'wrong-type': mistake('Wrong type'),
  'wrong-arguments': mistake('Wrong arguments'),
  'misplaced-aggregate': mistake('Misplaced aggregate'),
  'duplicate-column': mistake('Duplicate column name'),
  'nesting-too-deep': mistake('Nesting too deep'),
  'too-many-stages': mistake('Too many stages'),
  'missing-parameter': mistake('Missing parameter'),
  'unknown-parameter': mistake('Unknown parameter'),
  'bad-parameter': mistake('Bad parameter value'),
  unsupported: mistake('Not supported'),
  'not-pushable': mistake('Cannot run in the database'),

  'unknown-connection': mistake('Unknown connection', 404),
  'sql-syntax': mistake('SQL syntax error'),
  'sql-error': mistake('SQL error'),
  'multiple-statements': mistake('More than one statement'),
  'read-only': mistake('Read-only', 403),
  'permission-denied': mistake('Permission denied by the database', 403),
  'database-unavailable': passing('Database unavailable'),
  'database-overloaded': passing('Database overloaded'),

  'model-drift': mistake('Model broke its contract', 409),
  'bad-model': mistake('Bad model', 422),
  'model-cycle': mistake('Models read each other in a circle', 422),
  'bad-connection': mistake('Bad connection', 422),
  'read-only-connection': mistake('Connection of the configuration', 409),
  'version-conflict': mistake('Changed by somebody else', 412),
  'version-missing': mistake('If-Match is missing', 428),
  'no-catalogue': mistake('No catalogue here', 501),
  'store-unavailable': passing('Catalogue unavailable'),
  'bad-file': mistake('A file cannot be read', 422),
  'file-changed': passing('A file was changed while it was read'),

  'bad-value': mistake('Value out of range or of the wrong form', 422),
  'assertion-failed': mistake('Assertion failed', 422),
  'result-too-large': mistake('Result too large', 422),
  'memory-exceeded': mistake('Memory limit exceeded', 422),
  'spill-exceeded': mistake('Spill limit exceeded', 422),
  'deadline-exceeded': mistake('Deadline exceeded', 504),
  cancelled: mistake('Cancelled', 409),
  'client-gone': mistake('Client closed the request', 499),
  'client-too-slow': mistake('Client reads too slowly', 408),
  'queue-full': passing('Queue full'),
  'queue-timeout': passing('Waited too long in the queue'),
  'too-many-queries': passing('Too many queries from one client', 429),
  draining: passing('Server is stopping'),
  'memory-pressure': passing('Server is short of memory'),
  'poison-query': mistake('Query kills its workers', 422),
  'worker-lost': passing('Worker died'),
  'no-worker': passing('No worker available'),
  'stale-plan': passing('The database schema changed'),
  'not-cached': mistake('Not in the cache', 504),
  'shared-query-failed': passing('Shared query failed'),
  'job-running': passing('Job is running', 409),
  'job-interrupted': passing('Job was interrupted'),
  'too-many-jobs': passing('Too many jobs of one client', 429),
  'result-not-kept': passing('Result could not be kept'),
  'idempotency-mismatch': mistake('Key used for another query', 422),
  internal: mistake('Internal error', 500),
} satisfies Record<ErrorCode, ErrorClass>;

export function errorClass(code: ErrorCode): ErrorClass {
  return errorClasses[code];
}
