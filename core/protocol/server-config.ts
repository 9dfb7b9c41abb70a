/** The server's slice of the configuration, in `init`. */
import type { AuditConfig } from './audit-config.ts';
import type { ConnectionDialects } from './dialect-name.ts';
import type { ResultsConfig } from './results-config.ts';
import type { Policy } from './rights.ts';

/** The configured limits. GET /v1/limits shows them beside those of the stages (core/protocol/stage-limits.ts). */
export interface Limits {
  /** The most bytes of a query's text. */
  readonly queryBytes: number;
  readonly resultRows: number;
  readonly resultBytes: number;
  /** The time limit of a query over all its phases, unless it asks for another. */
  readonly timeoutMs: number;
  /** The longest time limit that a query may ask for. */
  readonly maxTimeoutMs: number;
  /** The most queries that may wait in a lane; one more is refused. */
  readonly queueLength: number;
  readonly queueWaitMs: number;
  /** The most queries in flight, waiting ones included, of one principal (core/protocol/principal.ts). */
  readonly perClient: number;
  /** The percentage of database connections and of DSL workers that one principal may hold while others want some. */
  readonly clientSharePercent: number;
  /** The time within which a client must read `readBytes` of an answer that waits for it; 0 disables the check. */
  readonly readWindowMs: number;
  readonly readBytes: number;
  /** The most bytes of large request bodies in flight, of all clients together. */
  readonly bodiesBytes: number;
  /** Memory for the texts of queries that have ended. */
  readonly historyBytes: number;
  /** Answers up to this size are held back until it is certain that the query succeeded. */
  readonly bufferBytes: number;
  /** The memory and the spill space of one DSL worker. */
  readonly dslMemoryBytes: number;
  readonly dslSpillBytes: number;
  /** The longest row: of an answer as the database sends it, of what stages read as it is sent. */
  readonly dslRowBytes: number;
  /** Number of worker deaths under a query, without a success in between, after which the query is refused; 0 disables. */
  readonly poisonDeaths: number;
  /** The time for which such a query is refused. */
  readonly poisonMs: number;
  /** The running time after which a query is logged as slow. */
  readonly slowQueryMs: number;
  /** The time within which a client must send a request's headers, counted from the connection or the previous answer. */
  readonly headersTimeoutMs: number;
  /** The time within which a client must send the whole request. */
  readonly requestTimeoutMs: number;
  /** The time for which a connection may idle between two requests. */
  readonly keepAliveMs: number;
  /** The most connections of all clients together. */
  readonly connections: number;
  /** The most connections of one client address; those of trusted proxies do not count. */
  readonly connectionsPerClient: number;
}

/** The rules of the gate in front of every route (server/http/gate.ts). */
export interface GateConfig {
  /** Names that the Host header may have beside those of the loopback; `*` allows any. */
  readonly hostNames: readonly string[];
  /** Origins of the web pages that may send requests; `*` allows any. */
  readonly corsOrigins: readonly string[];
  /** Addresses and networks of the proxies whose X-Forwarded-For header is trusted. */
  readonly trustedProxies: readonly string[];
}

/** Tokens of an identity provider (server/access/token-verifier.ts). */
export interface JwtConfig {
  /** The exact value of the claim `iss`. */
  readonly issuer: string;
  /** A value that the claim `aud` must contain. */
  readonly audience: string;
  readonly jwksUrl: string;
  readonly algorithms: readonly string[];
  readonly clockSkewSeconds: number;
  /** The claim that lists the roles. */
  readonly rolesClaim: string;
}

/** TLS on the server's port. The server reads the files itself, when it starts and with each reload. */
export interface TlsConfig {
  readonly certFile: string;
  readonly keyFile: string;
  /** null: certificates of clients are not asked for. */
  readonly clientCaFile: string | null;
  readonly clientCertificates: 'optional' | 'required';
  readonly minVersion: '1.2' | '1.3';
}

/** A proxy that says in headers who asks: over the unix socket, or with a certificate of one of these names. */
export interface ProxyConfig {
  /** In lower case; null: no proxy is believed. */
  readonly userHeader: string | null;
  readonly rolesHeader: string | null;
  readonly certificates: readonly string[];
}

/** The rules of authentication. Without any of keys, tokens, certificates and a proxy every request is anonymous. */
export interface AuthConfig {
  /** Absolute. */
  readonly keysFile: string | null;
  readonly jwt: JwtConfig | null;
  /** Whether a certificate that a client shows says who it is. */
  readonly certificates: boolean;
  readonly proxy: ProxyConfig;
  /** null: whoever may ask may do everything. */
  readonly policy: Policy | null;
}

/** Encrypted queries (server/encryption). */
export interface EncryptionConfig {
  /** Private RSA keys as PEM. The first is offered to clients; queries for the others are still read. Must never be logged. */
  readonly keys: readonly string[];
  /** Absolute: where every server of these keys notes which queries it has taken. */
  readonly replayDirectory: string;
}

export interface TracingConfig {
  /** The URL of a collector, with its path (`http://host:4318/v1/traces`); null when spans are not exported. */
  readonly endpoint: string | null;
  /** The percentage of the traces begun by this server that are exported. */
  readonly samplePercent: number;
}

/** The number of threads that plan, and the size of the plan cache. */
export interface PlannerConfig {
  readonly threads: number;
  readonly cacheEntries: number;
  readonly cacheBytes: number;
}

/** The connections as the server knows them; `connections-changed` replaces them at run time. */
export interface ServerConnections {
  /** The connection of queries that name none. */
  readonly defaultConnection: string;
  readonly connectionNames: readonly string[];
  /** The names that the catalogue keeps; the others are the configuration's. */
  readonly storedConnections: readonly string[];
  /** The dialect of each connection's database. */
  readonly dialects: ConnectionDialects;
  /** Functions that queries may call even if the catalogue marks them as unsafe, as `schema.name`, by connection. */
  readonly allowFunctions: Readonly<Record<string, readonly string[]>>;
  /** A hash of what each connection leads to, so that nothing that was kept of one database is sent for another. */
  readonly versions: Readonly<Record<string, string>>;
  /** The roles that have a login, by connection; without those that have one login for everybody. */
  readonly roleLogins: Readonly<Record<string, readonly string[]>>;
  /** The connections whose files DSL workers read by the network. */
  readonly remoteConnections: readonly string[];
}

/** The store of the catalogue. */
export interface StoreConfig {
  /** The URL of its database with its secrets filled in. Must never be logged. */
  readonly url: string;
  /** Whether servers apply pending migrations themselves. */
  readonly migrate: 'auto' | 'never';
  /** The interval in which the contract of each model is checked; 0: only when it is used or tested. */
  readonly driftCheckSeconds: number;
}

export interface ServerConfig extends ServerConnections {
  readonly host: string;
  readonly port: number;
  readonly limits: Limits;
  /** null: the port speaks plain HTTP. */
  readonly tls: TlsConfig | null;
  readonly gate: GateConfig;
  readonly auth: AuthConfig;
  /** null: encrypted queries are not taken, and nothing of it is loaded. */
  readonly encryption: EncryptionConfig | null;
  readonly audit: AuditConfig;
  readonly planner: PlannerConfig;
  readonly dsl: {
    readonly reuse: 'auto' | 'never';
    readonly maxQueriesPerWorker: number;
    readonly max: number;
  };
  /** The descriptors of the unix sockets that it serves. */
  readonly localFds: readonly number[];
  readonly logSocket: string;
  /** Whether the log is stored in files and can be searched; false when it goes to standard output. */
  readonly isLogStored: boolean;
  readonly tracing: TracingConfig;
  /** null: no results are kept. */
  readonly results: ResultsConfig | null;
  /** null: there is no catalogue, and nothing of it is loaded. */
  readonly store: StoreConfig | null;
}
