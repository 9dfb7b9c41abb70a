/** The server's slice of the configuration, in `init`. */

/** Every limit that is configured; GET /v1/limits shows them beside those of the stages (language/stage-limits.ts). */
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
  /** Queries in flight, waiting ones included, of one client address. */
  readonly perClient: number;
  /** Answers up to this size are held back until their status is certain. */
  readonly bufferBytes: number;
  /** Of a DSL worker. */
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
}

export interface TracingConfig {
  /** Of a collector, with its path (`http://host:4318/v1/traces`); null: spans are not exported. */
  readonly endpoint: string | null;
  /** Of the traces that begin here. */
  readonly samplePercent: number;
}

export interface ServerConfig {
  readonly host: string;
  readonly port: number;
  readonly limits: Limits;
  readonly defaultConnection: string;
  readonly connectionNames: readonly string[];
  readonly planner: { readonly threads: number; readonly cacheEntries: number };
  readonly dsl: { readonly reuse: 'auto' | 'never'; readonly maxQueriesPerWorker: number };
  readonly logSocket: string;
  readonly tracing: TracingConfig;
}
