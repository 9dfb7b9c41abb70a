/** Connections that the catalogue keeps, on their way between server, monitor and the process that reads and tries them. */
import type { ConfiguredConnection } from './connection.ts';

/** A connection as it was written: the options of its kind, and `secret` with the name of what stands for a password. JSON. */
export type ConnectionDefinition = Readonly<Record<string, unknown>>;

export interface StoredConnection {
  readonly name: string;
  readonly version: number;
  readonly definition: ConnectionDefinition;
}

/** Connections of the catalogue with their secrets, for the monitor only. */
export interface ResolvedStored {
  readonly connections: Readonly<Record<string, ConfiguredConnection>>;
  /** Connections that cannot be used, each with the reason. */
  readonly problems: Readonly<Record<string, string>>;
}

export interface UnreachableConnection {
  readonly connection: string;
  /** The reason, with secrets removed. */
  readonly message: string;
}

/** The result of giving all processes the stored connections. */
export interface TakenConnections {
  /** Connections that are not in use, each with the reason. */
  readonly problems: Readonly<Record<string, string>>;
  /** Connections in use whose database could not be reached just now. */
  readonly unreachable: readonly UnreachableConnection[];
}

export interface ConnectionFinding {
  readonly level: 'ok' | 'note' | 'problem';
  readonly text: string;
}

/** The result of examining a connection or a definition. */
export interface ExaminedConnection {
  /** The definition's mistakes; then nothing was tried. */
  readonly mistakes: readonly string[];
  readonly kind: string | null;
  /** Whether it could be opened; null: it was not tried. */
  readonly reached: boolean | null;
  readonly findings: readonly ConnectionFinding[];
}

/** From the server: the messages about stored connections. */
export type ConnectionsRequest =
  /** All connections of the catalogue, as they are now. The reply is `stored-taken`. */
  | {
      readonly type: 'stored-connections';
      readonly requestId: number;
      readonly connections: readonly StoredConnection[];
    }
  /**
   * Checks a definition, and opens it where `open` says so; without a definition, the connection of that name as it is used.
   * The reply is `connection-examined`.
   */
  | {
      readonly type: 'examine-connection';
      readonly requestId: number;
      readonly name: string;
      readonly definition: ConnectionDefinition | null;
      readonly open: boolean;
    };

/** To the server: the replies; `failure` says why there is none. */
export type ConnectionsReply =
  | {
      readonly type: 'stored-taken';
      readonly requestId: number;
      readonly taken: TakenConnections | null;
      readonly failure: string | null;
    }
  | {
      readonly type: 'connection-examined';
      readonly requestId: number;
      readonly examined: ExaminedConnection | null;
      readonly failure: string | null;
    };
