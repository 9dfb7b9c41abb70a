/** The server's slice of the configuration, in `init`. */
import type { ConnectionDialects } from './dialect-name.ts';
import type { Policy } from './rights.ts';

/** Every limit that is configured; GET /v1/limits shows them beside those of the stages (core/protocol/stage-limits.ts). */
export interface Limits {
  /** Bytes of query text. */
  readonly queryBytes: number;
  readonly resultRows: number;
  readonly resultBytes: number;
  /** Budget of a query for all its phases, unless it asks for another. */
  readonly timeoutMs: number;
  /** The most that it may ask for. */
  readonly maxTimeoutMs: number;
  /** Queries waiting in a lane; one more is refused. */
  readonly queueLength: number;
  readonly queueWaitMs: number;
  /** Queries in flight, waiting ones included, of one principal (core/protocol/principal.ts). */
  readonly perClient: number;
  /** Percent of the database connections and of the DSL workers that one principal may hold while others want some. */
  readonly clientSharePercent: number;
  /** In each such time a client takes `readBytes` of an answer that waits for it; 0: however few. */
  readonly readWindowMs: number;
  readonly readBytes: number;
  /** Bytes of large request bodies in flight, of all clients. */
  readonly bodiesBytes: number;
  /** For the texts of queries that have ended. */
  readonly historyBytes: number;
  /** Answers up to this size are held back until their status is certain. */
  readonly bufferBytes: number;
  /** Memory and spill of one DSL worker. */
  readonly dslMemoryBytes: number;
  readonly dslSpillBytes: number;
  /** The longest row: of an answer as the database sends it, of what stages read as CSV text. */
  readonly dslRowBytes: number;
  /** Deaths of workers under a query, with no success in between, after which it is refused; 0: never. */
  readonly poisonDeaths: number;
  /** How long it is refused. */
  readonly poisonMs: number;
  /** Running for so long is logged. */
  readonly slowQueryMs: number;
  /** Time that a client has to send the headers of a request, from the connection or the answer before. */
  readonly headersTimeoutMs: number;
  /** Time that it has to send the whole request. */
  readonly requestTimeoutMs: number;
  /** How long a connection may idle between two requests. */
  readonly keepAliveMs: number;
  /** Connections of all clients together. */
  readonly connections: number;
  /** Connections of one client address; those of trusted proxies do not count. */
  readonly connectionsPerClient: number;
}

/** The rules of the gate in front of every route (server/http/gate.ts). */
export interface GateConfig {
  /** Names of this server beside those of the loopback; `*`: any. */
  readonly hostNames: readonly string[];
  /** Origins of the pages that may ask; `*`: any. */
  readonly corsOrigins: readonly string[];
  /** Addresses and networks whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
}

/** Tokens of an identity provider (server/access/token-verifier.ts). */
export interface JwtConfig {
  /** Exactly what `iss` must say. */
  readonly issuer: string;
  /** What `aud` must contain. */
  readonly audience: string;
  readonly jwksUrl: string;
  readonly algorithms: readonly string[];
  readonly clockSkewSeconds: number;
  /** The claim that lists the roles. */
  readonly rolesClaim: string;
}

/** Who may ask. Without `keysFile` and `jwt` nobody has to say who they are. */
export interface AuthConfig {
  /** Absolute. */
  readonly keysFile: string | null;
  readonly jwt: JwtConfig | null;
  /** null: whoever may ask may do everything. */
  readonly policy: Policy | null;
}

export interface TracingConfig {
  /** The URL of a collector, with its path (`http://host:4318/v1/traces`); null: spans are not exported. */
  readonly endpoint: string | null;
  /** The percentage of the traces that begin here. */
  readonly samplePercent: number;
}

/** Threads that plan, and what of their plans is kept. */
export interface PlannerConfig {
  readonly threads: number;
  readonly cacheEntries: number;
  readonly cacheBytes: number;
}

/** The server's knowledge of the connections, which `connections-changed` replaces at run time. */
export interface ServerConnections {
  /** The connection of queries that name none. */
  readonly defaultConnection: string;
  readonly connectionNames: readonly string[];
  /** The dialect of each connection's database. */
  readonly dialects: ConnectionDialects;
  /** Functions that queries may call, as `schema.name`, by connection. */
  readonly allowFunctions: Readonly<Record<string, readonly string[]>>;
}

export interface ServerConfig extends ServerConnections {
  readonly host: string;
  readonly port: number;
  readonly limits: Limits;
  readonly gate: GateConfig;
  readonly auth: AuthConfig;
  readonly planner: PlannerConfig;
  readonly dsl: {
    readonly reuse: 'auto' | 'never';
    readonly maxQueriesPerWorker: number;
    readonly max: number;
  };
  readonly logSocket: string;
  /** Whether lines of the log can be found again; false: they go to standard output. */
  readonly isLogStored: boolean;
  readonly tracing: TracingConfig;
}
