/**
 * The messages between server and SQL worker, on one unix socket per database connection: a socket carries one call at a
 * time, so that back-pressure and failure of one query affect one socket only. The server may send `cancel` while a call
 * runs; closing the socket cancels too. Each call ends with exactly one reply; `run-sql` sends data frames first.
 */
import type { AnswerLimits, AnswerOptions, AnswerSummary } from './answer.ts';
import type { ServedConnection } from './connection.ts';
import type { WireError } from './errors.ts';
import type { ParameterKind } from './parameters.ts';
import type { DescribedSql, FunctionUse } from './plan.ts';
import type { ProgressMessage } from './source-progress.ts';
import type { SqlFacts, SqlNames } from './sql-facts.ts';
import type { Column, DatabaseColumn, NativeType } from './types.ts';

export type ToSqlWorker =
  /** Returns the columns and parameter types of one statement, without running it. */
  | ({ readonly type: 'describe' } & DescribeCall)
  /** Runs one statement; the answer comes back encoded as data frames. */
  | ({ readonly type: 'run-sql' } & RunSqlCall)
  /** Runs one statement and writes its rows into an input of a DSL worker (wire-rows.ts). */
  | ({ readonly type: 'copy-to' } & CopyToCall)
  /** Returns the tables that queries may read. */
  | ({ readonly type: 'introspect' } & IntrospectCall)
  /** Returns what is known of a statement beyond its columns, without running it. */
  | ({ readonly type: 'facts' } & FactsCall)
  /** Returns how the database would run a statement, without running it. */
  | ({ readonly type: 'explain' } & ExplainCall)
  /** Tells what the database says about changes of its tables, as data frames with lines (`ChangeLine`), for as long as it is heard. */
  | ({ readonly type: 'hear-changes' } & HearChangesCall)
  /** Asks for a reply, to know that the process lives. */
  | ({ readonly type: 'ping' } & PingCall)
  /** Ends the call that runs now, which then replies with `cancelled`. */
  | { readonly type: 'cancel'; readonly queryId: string };

export interface PingCall {
  readonly queryId: string;
}

interface CallBase {
  readonly queryId: string;
  /** The principal's id, for log lines; left out when no principal asked. */
  readonly principal?: string;
  /** The trace's 32 hexadecimal digits, which a database shows with the session if it lists sessions; null or left out without a trace. */
  readonly traceId?: string | null;
  readonly connection: string;
  /** The role whose login the call uses; null or left out where the connection has one login for everybody. */
  readonly role?: string | null;
  /** The deadline as Unix time in ms. The database's own time limit is set a little later. */
  readonly deadlineAt: number;
}

interface StatementCall extends CallBase {
  readonly sql: string;
  /** The functions that the guard looks up in the catalogue before `sql` runs. Without this list the SQL was not judged, and is refused. */
  readonly functions: readonly FunctionUse[];
}

export interface DescribeCall extends StatementCall {}

export interface RunSqlCall extends StatementCall {
  /** The user's SQL that the statement was built around, to notice changed columns; left out or empty for SQL as a user wrote it. */
  readonly described?: readonly DescribedSql[];
  /** The columns of a statement in which stages were placed, for databases that have not all of our types; absent: as described. */
  readonly expect?: readonly DatabaseColumn[];
  /** The text values bound to $1..$n; the database infers their types. */
  readonly parameters: readonly (string | null)[];
  /** The kinds that the values were given as, for databases that infer no types of parameters. */
  readonly parameterKinds?: readonly ParameterKind[];
  readonly answer: AnswerOptions;
  readonly limits: AnswerLimits;
  /** The longest row allowed, in bytes as the database sends it: a whole row is in memory at once. */
  readonly maxRowBytes: number;
}

export interface CopyToCall extends StatementCall {
  /** Serves the same purpose as in `RunSqlCall`. */
  readonly described?: readonly DescribedSql[];
  readonly parameters: readonly (string | null)[];
  readonly parameterKinds?: readonly ParameterKind[];
  /** Types of $1..$n that the plan was made for. When the database now takes others, the call fails with stale-plan. */
  readonly parameterTypes: readonly NativeType[];
  /** The columns that the plan was made for. If the statement now has others, the call fails with stale-plan before any row is sent. */
  readonly expect: readonly DatabaseColumn[];
  readonly fifo: string;
  /** The longest row that the reader takes, in bytes as it is sent. */
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
  /** True when the reader had enough rows (`head`) and closed its end first, which is not an error. */
  readonly readerClosed: boolean;
  readonly phases: SqlPhases;
}

export interface IntrospectCall extends CallBase {
  /** The most columns of all tables together; further tables are left out. */
  readonly maxColumns: number;
}

export interface FactsCall extends CallBase {
  readonly sql: string;
  /** The names in `sql`, of dialects whose judge finds them (`SqlJudge.namesIn`); null for connectors that find them by themselves. */
  readonly names: SqlNames | null;
}

export type FactsReply = SqlFacts;

export interface ExplainCall extends StatementCall {
  readonly parameters: readonly (string | null)[];
  readonly parameterKinds?: readonly ParameterKind[];
}

export interface ExplainReply {
  /** The database's own text; null: it tells none. */
  readonly plan: string | null;
}
export interface HearChangesCall extends CallBase {}

/** A line of JSON: changes are heard from now on, or something has changed, as the database says it. */
export type ChangeLine = { readonly heard: true } | { readonly changed: string };

export interface IntrospectReply {
  readonly tables: readonly DatabaseTable[];
  /** False when there are more columns than were read. */
  readonly complete: boolean;
}

/** A table or view that queries may read. */
export interface DatabaseTable {
  readonly schema: string;
  readonly name: string;
  /** Whether the search path finds the table by its name alone. */
  readonly visible: boolean;
  readonly columns: readonly Column[];
}

/** The milliseconds spent in each phase of a call. */
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
  facts: { request: FactsCall; reply: FactsReply };
  explain: { request: ExplainCall; reply: ExplainReply };
  'hear-changes': { request: HearChangesCall; reply: never };
  ping: { request: PingCall; reply: null };
}

export type FromSqlWorker =
  /** Tells how far the database is, any number of times before the reply. */
  | ProgressMessage
  /** The one reply of a call. */
  | { readonly type: 'reply'; readonly queryId: string; readonly ok: true; readonly value: unknown }
  | { readonly type: 'reply'; readonly queryId: string; readonly ok: false; readonly error: WireError };

/** The SQL worker's slice of the configuration, in `init`. */
export interface SqlWorkerConfig {
  readonly socketPath: string;
  readonly connectionsPerProcess: number;
  readonly acquireTimeoutMs: number;
  readonly connections: Readonly<Record<string, ServedConnection>>;
  /** The time after which an unused session of a role's login is closed. */
  readonly roleIdleMs: number;
  /** A directory that outlasts the run, where connectors note what a later process has to end. */
  readonly stateDir: string;
}
