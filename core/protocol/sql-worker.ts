/**
 * Between server and SQL worker, on one unix socket a database connection: a socket carries one call at a time,
 * so back-pressure and failure of one query are those of one socket. The server may send `cancel` while a call
 * runs; closing the socket cancels too. Each call ends with exactly one reply; `run-sql` sends data frames first.
 */
import type { AnswerLimits, AnswerOptions, AnswerSummary } from './answer.ts';
import type { WireError } from './errors.ts';
import type { FunctionUse } from './plan.ts';
import type { DatabaseColumn, NativeType } from './types.ts';

export type ToSqlWorker =
  /** Columns and parameter types of one statement, without running it. */
  | ({ readonly type: 'describe' } & DescribeCall)
  /** Run one statement; the answer comes back encoded as data frames. */
  | ({ readonly type: 'run-sql' } & RunSqlCall)
  /** Run one statement and write its rows as CSV into a FIFO that a DSL worker reads. */
  | ({ readonly type: 'copy-to' } & CopyToCall)
  /** End the call that runs now; it replies with `cancelled`. */
  | { readonly type: 'cancel'; readonly queryId: string };

interface CallBase {
  readonly queryId: string;
  /** The id of who asks, for log lines; left out: none. */
  readonly principal?: string;
  /** 32 hexadecimal digits that the database shows as part of the session's application_name; null or left out: none. */
  readonly traceId?: string | null;
  readonly connection: string;
  readonly sql: string;
  /** What the guard wants to know of the catalogue before `sql` runs; SQL without it was not judged, and is refused. */
  readonly functions: readonly FunctionUse[];
  /** Unix time in ms; the database's statement_timeout is a little longer than what remains of it. */
  readonly deadlineAt: number;
}

export interface DescribeCall extends CallBase {}

export interface RunSqlCall extends CallBase {
  /** The users' SQL that the statement was made around; empty for SQL as a user wrote it. */
  readonly basis?: readonly Basis[];
  /** Text values bound to $1..$n; their types are the database's to infer. */
  readonly parameters: readonly (string | null)[];
  readonly answer: AnswerOptions;
  readonly limits: AnswerLimits;
  /** The longest row, in bytes as the database sends it: each is in memory whole. */
  readonly maxRowBytes: number;
}

export interface CopyToCall extends CallBase {
  readonly basis?: readonly Basis[];
  readonly parameters: readonly (string | null)[];
  /** Types of $1..$n as described; COPY takes no bound parameters, so the worker casts session settings to these. */
  readonly parameterTypes: readonly NativeType[];
  /** What the plan was made for; other columns now mean stale-plan, before any row is sent. */
  readonly expect: readonly DatabaseColumn[];
  readonly fifo: string;
  /** The longest row, as CSV text, that the reader takes: it would lose a longer one without a word. */
  readonly maxRowBytes: number;
}

export interface DescribeReply {
  readonly columns: readonly DatabaseColumn[];
  readonly parameterTypes: readonly NativeType[];
}

export interface RunSqlReply extends AnswerSummary {
  readonly phases: SqlPhases;
}

export interface CopyToReply {
  readonly rows: number;
  readonly bytes: number;
  /** true when the reader had enough and closed the FIFO first (`head`): not an error. */
  readonly readerClosed: boolean;
  readonly phases: SqlPhases;
}

/** Milliseconds. */
export interface SqlPhases {
  /** Waiting for a pooled connection. */
  readonly acquireMs: number;
  /** From the first message to the database to its last. */
  readonly sqlMs: number;
}

/** Request and reply types of each call, for a typed `call()`. */
export interface SqlWorkerCalls {
  describe: { request: DescribeCall; reply: DescribeReply };
  'run-sql': { request: RunSqlCall; reply: RunSqlReply };
  'copy-to': { request: CopyToCall; reply: CopyToReply };
}

export type FromSqlWorker =
  /** The one reply of a call. */
  | { readonly type: 'reply'; readonly queryId: string; readonly ok: true; readonly value: unknown }
  | { readonly type: 'reply'; readonly queryId: string; readonly ok: false; readonly error: WireError };

/** The SQL worker's slice of the configuration, in `init`. */
export interface SqlWorkerConfig {
  readonly socketPath: string;
  readonly connectionsPerProcess: number;
  readonly acquireTimeoutMs: number;
  readonly connections: Readonly<Record<string, ConnectionConfig>>;
}

export interface ConnectionConfig {
  /** postgresql:// URL, secrets resolved. Never logged. */
  readonly url: string;
  /** Functions of the database that queries may call whatever its catalogue says of them, as `schema.name`. */
  readonly allowFunctions?: readonly string[];
  /** Connects even as a superuser and its like. */
  readonly allowPowerfulRole?: boolean;
}

/** SQL of the user that a statement was made around, and the columns that it had when the statement was planned. */
export interface Basis {
  readonly sql: string;
  readonly columns: readonly DatabaseColumn[];
}
