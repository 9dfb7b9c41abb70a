/**
 * The logger's report about the log: numbers for the metrics and, from the same counting, the summary that
 * operators read. Counts are since the start of this logger process; `instance` changes when another one begins at
 * zero, so that whoever adds them up can go on.
 */

export interface LogStats {
  readonly instance: string;
  /** Lines in the file, by role (`other` for one that is none of ours) and level. */
  readonly lines: readonly { readonly role: string; readonly level: string; readonly count: number }[];
  /** Lines that processes had to drop, as their `log-lines-dropped` lines say. */
  readonly dropped: readonly { readonly role: string; readonly count: number }[];
  readonly bytes: number;
  /** Times that the disk refused a write, and how long that took in all. */
  readonly writeGaps: number;
  readonly writeGapMs: number;
  readonly rotations: number;
  /** Rotated files beside the current one, and their bytes as they lie on the disk. */
  readonly keptFiles: number;
  readonly keptBytes: number;
  /** Received, not yet in the file. */
  readonly pendingBytes: number;
  /** Different query shapes in the newest hour. */
  readonly shapes: number;
  /** Mean seconds of the slowest shapes of the newest hour, and failures of the most failing ones; worst first. */
  readonly slowestShapeSeconds: readonly number[];
  readonly mostFailures: readonly number[];
}

export interface ShapeSummary {
  /** The query without its literals; see core/logging/shape.ts. */
  readonly shape: string;
  readonly count: number;
  readonly failed: number;
  readonly meanMs: number;
  readonly maxMs: number;
  /** Failures by error code. */
  readonly codes: Readonly<Record<string, number>>;
  /** Id of the newest query of this shape, for GET /v1/logs. */
  readonly queryId: string;
}

export interface LogSummary {
  /** The counted lines are those written from `from` to `to`: at most the last 24 h, since the logger's start. */
  readonly from: string;
  readonly to: string;
  readonly rates: readonly {
    readonly role: string;
    readonly level: string;
    readonly lines: number;
    readonly perSecond: number;
  }[];
  readonly queries: { readonly count: number; readonly failed: number };
  /** Different shapes seen; with more than `limit` of them the lists show the worst. */
  readonly shapes: number;
  /** Queries of shapes that came when a window had no room for another one: in `queries`, in no list. */
  readonly unlistedQueries: number;
  readonly slowest: readonly ShapeSummary[];
  readonly mostFailing: readonly ShapeSummary[];
}

export interface SummaryFilter {
  /** Any date that Date.parse takes; 24 hours ago when left out. */
  readonly since?: string;
  /** Length of each list, 1 to 100. */
  readonly limit: number;
}
