/** Between the load test and the processes that make load: one run each, asked for and answered over Node's IPC. */

export type ToGenerator =
  /** Make this load, then report and end. */
  | { readonly type: 'run'; readonly spec: LoadSpec }
  /** Read one answer at a bounded speed, then report and end. */
  | { readonly type: 'read-slowly'; readonly spec: SlowReadSpec }
  /** Ask over bare sockets, then report and end. */
  | { readonly type: 'run-bare'; readonly spec: BareLoadSpec };

export type FromGenerator =
  /** A second has passed. */
  | { readonly type: 'tick'; readonly answers: number }
  | { readonly type: 'load-done'; readonly result: LoadResult }
  | { readonly type: 'read-done'; readonly result: SlowReadResult }
  | { readonly type: 'bare-done'; readonly result: BareLoadResult }
  | { readonly type: 'failed'; readonly message: string };

export interface LoadRequest {
  /** `light`, `heavy`: what its latencies are told apart by. */
  readonly name: string;
  /** JSON, for POST /v1/query. */
  readonly body: string;
  /** Digits in `body`, of which each request has others of the same length; left out: all are alike. */
  readonly varying?: string;
  /** Bytes of a right answer, its head included; another length counts as wrong. */
  readonly minBytes: number;
  readonly maxBytes: number;
  /** Stands in every right answer. */
  readonly mark: string;
  /** The place where it most often stands: to look there takes half as long as to search, which counts in long answers. */
  readonly markAt: number;
}

export type Pace =
  /** Each connection sends as soon as it has its answer. */
  | { readonly kind: 'closed'; readonly connections: number }
  /** Requests are due at a fixed rate, evenly spread, however long the answers take. */
  | { readonly kind: 'open'; readonly perSecond: number };

export interface LoadSpec {
  readonly url: string;
  /** Each connection goes round these, and they start at different ones. */
  readonly requests: readonly LoadRequest[];
  readonly pace: Pace;
  /** Answers of this time are not counted. */
  readonly warmUpMs: number;
  readonly durationMs: number;
  readonly timeoutMs: number;
}

export interface LoadResult {
  /** Right answers within the measured time. */
  readonly answers: number;
  /** Everything that was sent, warm-up included. */
  readonly asked: number;
  readonly seconds: number;
  /** By request name: latency in ms. In open loop corrected: from when it was due, unanswered ones included. */
  readonly latencies: Readonly<Record<string, readonly TimedLatency[]>>;
  /** Only in open loop: slots whose answer had not come at the end. They count as lasting until then, at least. */
  readonly unanswered: number;
  readonly failures: LoadFailures;
}

export interface TimedLatency {
  /** From the start of the measured time. */
  readonly atMs: number;
  readonly ms: number;
}

export interface LoadFailures {
  /** Answers with another status than 200, by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Connections that broke, and timeouts. */
  readonly errors: number;
  /** Answers of another length than that of the right one. */
  readonly wrongSizes: number;
  /** Answers without the mark of a right one. */
  readonly wrongBodies: number;
}

export interface SlowReadSpec {
  readonly url: string;
  readonly body: string;
  readonly bytesPerSecond: number;
}

export interface SlowReadResult {
  readonly status: number;
  readonly bytes: number;
  readonly seconds: number;
  /** The last bytes of the answer, by which it is known to be whole. */
  readonly tail: string;
}

export interface BareLoadSpec {
  readonly url: string;
  /** The whole request, as its bytes go over the socket. */
  readonly request: string;
  /** The status and the beginning of the body of every right answer. */
  readonly status: number;
  readonly prefix: Uint8Array;
  readonly connections: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
}

export interface BareLoadResult {
  readonly seconds: number;
  /** The time in ms of each answer of the measured time. */
  readonly latencies: readonly number[];
  readonly megabytes: number;
}
