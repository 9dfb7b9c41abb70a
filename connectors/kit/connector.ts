/**
 * What a SQL worker knows of databases. A kind of database is a folder beside this one with a `Connector` in it, which
 * `connectors/registry.ts` lists and loads when a connection of that kind is configured.
 *
 *   Connector --connect--> Connection (one a registered connection) --open--> Session (one a slot)
 *
 * A session runs one call at a time. What may end a call early comes with it (`CallControl`): the session sees to it that
 * the database stops, and is not `usable` again until it did. Read-only in depth is the connector's as well: what it asks
 * of the database before a statement runs, and as whom it connects.
 */
import type { AnswerSummary } from '../../core/protocol/answer.ts';
import type { ConnectionConfig } from '../../core/protocol/connection.ts';
import type { QueryError } from '../../core/protocol/errors.ts';
import type {
  CopyToCall,
  CopyToReply,
  DescribeCall,
  DescribeReply,
  IntrospectCall,
  IntrospectReply,
  RunSqlCall,
} from '../../core/protocol/sql-worker.ts';
import type { CallControl } from './call-control.ts';

export interface Connector<Config extends ConnectionConfig = ConnectionConfig> {
  readonly kind: Config['kind'];
  /** Makes a connection without opening anything. */
  connect(config: Config, options: ConnectionOptions): Connection;
}

export interface ConnectionOptions {
  /** The connection's name, for errors. */
  readonly name: string;
  /** The process that connects; databases that show their sessions show it. */
  readonly workerId: string;
  readonly connectTimeoutMs: number;
}

/** A registered connection in one process: what its sessions share. */
export interface Connection {
  /** Opens a session. Rejects with what `failureOf` puts into words, also when the database may not be read as it is configured. */
  open(): Promise<OpenedSession>;
  /** Says why `open` rejected; null: nothing was tried yet. Nothing secret is in it. */
  failureOf(thrown: unknown): ConnectFailure;
  /** Opens a session and says what an operator should know of it; rejects as `open` does. */
  examine(): Promise<readonly Finding[]>;
}

export interface OpenedSession {
  readonly session: Session;
  /** What is written to the log when the first session of a connection is open. */
  readonly notices: readonly Notice[];
}

export interface ConnectFailure {
  /** What queries fail with meanwhile. */
  readonly error: QueryError;
  /** What is written to the log at each failed attempt. */
  readonly notice: Notice;
}

/** A line of the log, whose fields are completed with the connection's name. */
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

/** Every call rejects with a QueryError whose positions are those of the SQL that was sent. */
export interface Session {
  /** Nothing runs, and the next call finds the session as the first one did. */
  readonly usable: boolean;
  /** Calls back once, when the session has become of no use. */
  onDead(callback: () => void): void;
  /** Returns the columns and the parameters' types of a statement without running it. */
  describe(call: DescribeCall, control: CallControl): Promise<DescribeReply>;
  /** Runs a statement; its rows go to `sink`, encoded as the call asks. */
  run(call: RunSqlCall, sink: ByteSink, control: CallControl): Promise<AnswerSummary>;
  /** Runs a statement; its rows go into a FIFO as the stage engine reads them. */
  copyTo(call: CopyToCall, control: CallControl): Promise<CopySummary>;
  /** Returns the tables that queries may read. */
  introspect(call: IntrospectCall, control: CallControl): Promise<IntrospectReply>;
  end(): Promise<void>;
}

export type CopySummary = Omit<CopyToReply, 'phases'>;

/** Where an answer's bytes go. */
export interface ByteSink {
  /** Takes the buffer over until `onWritten`, which is not called when it fails. False: pause until `onDrain` is called. */
  write(bytes: Buffer, onWritten: () => void): boolean;
  /** null takes the callback away. */
  setOnDrain(callback: (() => void) | null): void;
}
