/**
 * The interface between SQL workers and databases. Each kind of database is a folder beside this one with a `Connector`, which
 * `connectors/registry.ts` lists, and loads when a connection of that kind is configured.
 *
 *   Connector --connect--> Connection (one per configured connection) --open--> Session (one per slot)
 *
 * A session runs one call at a time. The call's `CallControl` may end it early: the session then makes the database stop, and
 * is not `usable` before it has. The connector must also make sure that statements only read: by the role that it connects
 * as, and by its checks before a statement runs.
 */
import type { AnswerSummary } from '../../core/protocol/answer.ts';
import type { DatabaseConnection } from '../../core/protocol/connection.ts';
import type { QueryError } from '../../core/protocol/errors.ts';
import type {
  CopyToCall,
  CopyToReply,
  DescribeCall,
  DescribeReply,
  ExplainCall,
  ExplainReply,
  FactsCall,
  FactsReply,
  IntrospectCall,
  IntrospectReply,
  RunSqlCall,
} from '../../core/protocol/sql-worker.ts';
import type { CallControl } from './call-control.ts';

export interface Connector<Config extends DatabaseConnection = DatabaseConnection> {
  readonly kind: Config['kind'];
  /** Makes a connection without opening anything. */
  connect(config: Config, options: ConnectionOptions): Connection;
}

export interface ConnectionOptions {
  /** The connection's name, for errors. */
  readonly name: string;
  /** The name of the connecting process; databases that list their sessions show it. */
  readonly workerId: string;
  readonly connectTimeoutMs: number;
  /** A directory that processes share which follow each other; left out: nobody follows. */
  readonly stateDir?: string;
}

/** A configured connection in one process: everything that its sessions share. */
export interface Connection {
  /** Opens a session. Rejects with an error that `failureOf` explains, also when the configured role is not allowed. */
  open(): Promise<OpenedSession>;
  /** Explains why `open` rejected, without secrets. `thrown` is null when nothing was tried yet. */
  failureOf(thrown: unknown): ConnectFailure;
  /** Opens a session and returns what an operator should know about it. Rejects as `open` does. */
  examine(): Promise<readonly Finding[]>;
  /** Tells what the database says about changes of its tables. Rejects when it is not heard any more. Left out for databases that cannot tell. */
  hearChanges?(hearer: ChangeHearer, control: CallControl): Promise<never>;
}

/** The receiver of what a database says about changes of its tables. */
export interface ChangeHearer {
  /** Called when it is certain that changes are heard from now on. */
  heard(): void;
  /** Called when something has changed; `what` is as the database says it. */
  changed(what: string): void;
}

export interface OpenedSession {
  readonly session: Session;
  /** Notices for the log when the first session of a connection is open. */
  readonly notices: readonly Notice[];
}

export interface ConnectFailure {
  /** The error of queries while there is no session. */
  readonly error: QueryError;
  /** The notice for the log at each failed attempt. */
  readonly notice: Notice;
}

/** A line of the log; the connection's name is added to its fields. */
export interface Notice {
  readonly level: 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A line of `forkline doctor`. */
export interface Finding {
  readonly level: 'ok' | 'note' | 'problem';
  readonly text: string;
}

/** A session with a database. Every call rejects with a QueryError whose positions are those of the SQL that was sent. */
export interface Session {
  /** Whether nothing runs and the session is in the same state as before its first call. */
  readonly usable: boolean;
  /** Calls `callback` once, when the session has become unusable for good. */
  onDead(callback: () => void): void;
  /** Returns the columns and the parameters' types of a statement without running it. */
  describe(call: DescribeCall, control: CallControl): Promise<DescribeReply>;
  /** Runs a statement; its rows go to `sink`, encoded as the call asks. */
  run(call: RunSqlCall, sink: ByteSink, control: CallControl): Promise<AnswerSummary>;
  /** Runs a statement; its rows go to the stage engine as it reads them. */
  copyTo(call: CopyToCall, control: CallControl): Promise<CopySummary>;
  /** Returns the tables that queries may read. */
  introspect(call: IntrospectCall, control: CallControl): Promise<IntrospectReply>;
  /** Returns how the answer of a statement may change and which tables it reads, without running it; `unknownFacts` where that cannot be told. */
  facts(call: FactsCall, control: CallControl): Promise<FactsReply>;
  /** Returns how the database would run a statement, without running it; left out where the database is not asked for that. */
  explain?(call: ExplainCall, control: CallControl): Promise<ExplainReply>;
  end(): Promise<void>;
}

export type CopySummary = Omit<CopyToReply, 'phases'>;

/** The receiver of an answer's bytes. */
export interface ByteSink {
  /** Writes bytes, whose buffer must not change before `onWritten`, which is not called after a failure. Returns false when the caller must pause until the callback of `setOnDrain`. */
  write(bytes: Buffer, onWritten: () => void): boolean;
  /** Sets the callback for when there is room again; null removes it. */
  setOnDrain(callback: (() => void) | null): void;
}
