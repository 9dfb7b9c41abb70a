/**
 * Errors as data. A `QueryError` is a mistake or a failure that the user is told about: a code, a sentence, a
 * hint how to mend it, and the place in the query text. It crosses process boundaries as a `WireError`.
 * A broken invariant of ours is never a QueryError: it is an assertion, and becomes `internal` at the edge.
 * The table from code to HTTP status lives in server/answer/error-status.ts; docs/errors.md documents every code.
 */

import { carriedText } from './error-text.ts';

export type ErrorCode =
  // the request
  | 'bad-request' // the body or an option of the HTTP request is malformed
  | 'bad-json' // the JSON body does not parse
  | 'unsupported-media-type'
  | 'not-acceptable' // unknown answer format
  | 'query-too-large' // query text over limits.queryBytes
  | 'not-found'
  | 'method-not-allowed'
  | 'duplicate-query-id'
  | 'unknown-host' // the Host header names another server
  | 'foreign-origin' // a web page that is not allowed to send requests sent this one
  | 'too-many-connections'
  | 'unauthenticated' // no key or token, or none that counts
  | 'forbidden' // the principal's roles do not allow it
  | 'no-login' // none of the principal's roles has a login for the connection, or several have
  | 'audit-unavailable' // the audit is required and cannot be written
  | 'identity-unavailable' // the keys that tokens are verified with cannot be fetched
  | 'bad-encryption' // an encrypted query that cannot be read, or is too old or too early
  | 'unknown-encryption-key' // encrypted for a key that this server does not have
  | 'query-replayed' // an encrypted query that was taken before
  | 'encryption-unavailable' // no note can be made of which encrypted queries were taken
  // the language
  | 'empty-query'
  | 'syntax'
  | 'unterminated-string'
  | 'unknown-stage'
  | 'unknown-source' // no `let` of that name
  | 'unknown-column'
  | 'ambiguous-column'
  | 'unknown-function'
  | 'wrong-type'
  | 'wrong-arguments' // a function or stage got too few, too many or misplaced arguments
  | 'misplaced-aggregate'
  | 'duplicate-column'
  | 'nesting-too-deep'
  | 'too-many-stages'
  | 'missing-parameter'
  | 'unknown-parameter'
  | 'bad-parameter' // a parameter's value does not fit its type
  | 'unsupported' // understood, and not available (yet)
  | 'not-pushable' // `pushdown = require`, and a stage cannot run in the database
  // the database
  | 'unknown-connection'
  | 'sql-syntax'
  | 'sql-error' // any other error that the database reports about this query
  | 'multiple-statements'
  | 'read-only' // a write, or a function that reaches outside the database
  | 'permission-denied'
  | 'database-unavailable'
  | 'database-overloaded' // the database refused another connection, or none came free in time
  // files
  | 'bad-file' // a file is not what it should be: cut off, of another schema, with a broken quote or encoding
  | 'file-changed' // a file was changed, replaced or removed while it was read
  // running
  | 'bad-value' // a value could not be converted or computed while a stage ran
  | 'assertion-failed' // a row did not meet the condition of an `assert`
  | 'result-too-large'
  | 'memory-exceeded'
  | 'spill-exceeded'
  | 'deadline-exceeded'
  | 'cancelled'
  | 'client-gone'
  | 'client-too-slow' // the client does not read its answer
  | 'queue-full'
  | 'queue-timeout'
  | 'too-many-queries' // one principal has too many queries in flight
  | 'draining'
  | 'memory-pressure' // memory is short, and this query was the biggest
  | 'poison-query' // workers died under this query again and again
  | 'worker-lost' // the process that ran the query died
  | 'no-worker' // no worker of the needed role is alive
  | 'model-drift' // a model's source lacks columns that its contract promises
  | 'bad-model' // a model's definition that cannot be saved
  | 'model-cycle' // a model that would read itself
  | 'bad-connection' // a connection's definition that cannot be used
  | 'read-only-connection' // a connection of the configuration
  | 'version-conflict' // somebody else changed it since it was read (If-Match)
  | 'version-missing' // a change without If-Match
  | 'no-catalogue' // no store is configured
  | 'store-unavailable' // the store of the catalogue does not answer
  | 'stale-plan' // the database's schema changed since the plan was made; the server plans once more
  | 'not-cached' // `only-if-cached`, and no fresh answer is kept
  | 'shared-query-failed' // the query whose answer this one would have got has failed
  | 'job-running' // the result of a job that has not ended
  | 'job-interrupted' // the server that ran the job has ended
  | 'too-many-jobs' // one principal has too many jobs, or keeps too much
  | 'result-not-kept' // the result of a job could not be written
  | 'idempotency-mismatch' // the Idempotency-Key came with another query before
  | 'internal';

/** A half-open range of UTF-16 offsets into the query text as the user sent it. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface StageRef {
  /** The stage's number: 1 for the first stage, 0 for the source. */
  readonly index: number;
  readonly name: string;
}

/** The limit that an error is about, by its name in GET /v1/limits. */
export interface LimitRef {
  readonly name: string;
  readonly value: number;
  readonly observed?: number;
}

/** A stretch of a message that stands for a parameter: UTF-16 offsets. */
export interface Placeholder {
  /** The parameter's number, from 1. */
  readonly parameter: number;
  readonly start: number;
  readonly end: number;
}

/** Details that a QueryError carries besides its code and message. */
export interface ErrorDetails {
  readonly hint?: string;
  readonly span?: Span;
  readonly stage?: StageRef;
  readonly suggestions?: readonly string[];
  readonly limit?: LimitRef;
  /** The rule that refused, for the audit; problem documents do not show it, as it may tell that something hidden exists. */
  readonly rule?: string;
  /** The SQLSTATE, of databases that have one. */
  readonly sqlstate?: string;
  /** The message is a database's own. */
  readonly fromDatabase?: true;
  /** 1-based position in the SQL text that we sent, before it is mapped back to `span`: in code points, whatever the database counts. */
  readonly sqlPosition?: number;
  /** The number, from 1, of the parameter whose value does not fit, before it is mapped back to `:name`. */
  readonly sqlParameter?: number;
  /** The place where the message names a parameter by its number, as the database does, before it is named as its author did. */
  readonly placeholder?: Placeholder;
  /** Says that the statement was well formed and failed of a value: one that was computed, or a negative number of rows. */
  readonly sqlFault?: 'value' | 'row-count';
  /** The error that our own statement was written to raise, which the database wrapped in a message of its own. */
  readonly raised?: WireError;
  readonly retryAfterSeconds?: number;
  /** The model that the error is about, and the place in its text; `span` is then where the query names it. */
  readonly model?: ModelPlace;
}

/** A place in a model's text: line and column from 1, and the line itself with a mark under the place. */
export interface ModelPlace {
  readonly name: string;
  readonly version: number;
  readonly line?: number;
  readonly column?: number;
  readonly excerpt?: string;
}

/** A QueryError as JSON-safe data. */
export interface WireError extends ErrorDetails {
  readonly code: ErrorCode;
  readonly message: string;
}

/** The most characters of a message or hint that leave the process where it arose. */
const MAX_TEXT_LENGTH = 4000;

function cut(text: string): string {
  return text.length <= MAX_TEXT_LENGTH ? text : `${text.slice(0, MAX_TEXT_LENGTH)}...`;
}

export class QueryError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(carriedText(message), cause === undefined ? undefined : { cause });
    this.name = 'QueryError';
    this.code = code;
    const { hint } = details;
    this.details =
      hint === undefined || hint === carriedText(hint) ? details : { ...details, hint: carriedText(hint) };
  }

  /** Returns the error with some details added or replaced. */
  with(details: ErrorDetails): QueryError {
    return new QueryError(this.code, this.message, { ...this.details, ...details }, this.cause);
  }

  /** Returns the error as data. Long texts are cut: they quote values, and a value may be a gigabyte long. */
  toWire(): WireError {
    const { code, message, details } = this;
    const { hint } = details;
    return { ...details, ...(hint !== undefined && { hint: cut(hint) }), code, message: cut(message) };
  }

  static fromWire({ code, message, ...details }: WireError): QueryError {
    return new QueryError(code, message, details);
  }

  /** Returns a thrown value as a QueryError. Any other value becomes an `internal` error with that value as its cause. */
  static from(thrown: unknown): QueryError {
    if (thrown instanceof QueryError) return thrown;
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    return new QueryError('internal', `internal error: ${text}`, {}, thrown);
  }
}
