/**
 * Between server and SQL worker, on one unix socket a database connection: a socket carries one call at a time,
 * so back-pressure and failure of one query are those of one socket. The server may send `cancel` while a call
 * runs; closing the socket cancels too. Each call ends with exactly one reply; `run-sql` sends data frames first.
 */
import type { AnswerLimits, AnswerOptions, AnswerSummary } from './answer.ts';
import type { ConnectionConfig } from './connection.ts';
import type { WireError } from './errors.ts';
import type { ParameterKind } from './parameters.ts';
import type { FunctionUse } from './plan.ts';
import type { Column, DatabaseColumn, NativeType } from './types.ts';

export type ToSqlWorker =
  /** Columns and parameter types of one statement, without running it. */
  | ({ readonly type: 'describe' } & DescribeCall)
  /** Run one statement; the answer comes back encoded as data frames. */
  | ({ readonly type: 'run-sql' } & RunSqlCall)
  /** Run one statement and write its rows as CSV into a FIFO that a DSL worker reads. */
  | ({ readonly type: 'copy-to' } & CopyToCall)
  /** The tables that queries may read. */
  | ({ readonly type: 'introspect' } & IntrospectCall)
  /** End the call that runs now; it replies with `cancelled`. */
  | { readonly type: 'cancel'; readonly queryId: string };

interface CallBase {
  readonly queryId: string;
  /** The id of who asks, for log lines; left out: none. */
  readonly principal?: string;
  /** 32 hexadecimal digits that a database shows with the session, where it shows sessions; null or left out: none. */
  readonly traceId?: string | null;
  readonly connection: string;
  /** Unix time in ms; the database's own time limit is a little longer than what remains of it. */
  readonly deadlineAt: number;
}

interface StatementCall extends CallBase {
  readonly sql: string;
  /** What the guard wants to know of the catalogue before `sql` runs; SQL without it was not judged, and is refused. */
  readonly functions: readonly FunctionUse[];
}

export interface DescribeCall extends StatementCall {}

export interface RunSqlCall extends StatementCall {
  /** The users' SQL that the statement was made around; empty for SQL as a user wrote it. */
  readonly basis?: readonly Basis[];
  /** Text values bound to $1..$n; their types are the database's to infer. */
  readonly parameters: readonly (string | null)[];
  /** What each value was given as, for databases that infer no types of parameters. */
  readonly parameterKinds?: readonly ParameterKind[];
  readonly answer: AnswerOptions;
  readonly limits: AnswerLimits;
  /** The longest row, in bytes as the database sends it: each is in memory whole. */
  readonly maxRowBytes: number;
}

export interface CopyToCall extends StatementCall {
  readonly basis?: readonly Basis[];
  readonly parameters: readonly (string | null)[];
  readonly parameterKinds?: readonly ParameterKind[];
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

export interface IntrospectCall extends CallBase {
  /** Columns of all tables together; those of the tables beyond are left out. */
  readonly maxColumns: number;
}

export interface IntrospectReply {
  readonly tables: readonly DatabaseTable[];
  /** false: there are more columns than were read. */
  readonly complete: boolean;
}

/** A table or view that queries may read. */
export interface DatabaseTable {
  readonly schema: string;
  readonly name: string;
  /** Found without its schema. */
  readonly visible: boolean;
  readonly columns: readonly Column[];
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
  introspect: { request: IntrospectCall; reply: IntrospectReply };
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

/** SQL of the user that a statement was made around, and the columns that it had when the statement was planned. */
export interface Basis {
  readonly sql: string;
  readonly columns: readonly DatabaseColumn[];
}
