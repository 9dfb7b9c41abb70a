/**
 * The logger's report about the log: numbers for the metrics and, from the same counting, the summary that
 * operators read. Counts start at zero with each logger process; `instance` changes with it, so that the reader can add
 * the counts of several processes up.
 */

export interface LogStats {
  readonly instance: string;
  /** Lines written to the file, by level and by the role of the process (`other` for a role that is unknown). */
  readonly lines: readonly { readonly role: string; readonly level: string; readonly count: number }[];
  /** Lines that processes had to drop, as their `log-lines-dropped` lines say. */
  readonly dropped: readonly { readonly role: string; readonly count: number }[];
  readonly bytes: number;
  /** The number of times that the disk refused writes, and how long that lasted in total. */
  readonly writeGaps: number;
  readonly writeGapMs: number;
  readonly rotations: number;
  /** Rotated files beside the current one, and their bytes on disk (after compression). */
  readonly keptFiles: number;
  readonly keptBytes: number;
  /** Bytes received and not yet written to the file. */
  readonly pendingBytes: number;
  /** The number of the newest audit record on the disk; 0 without an audit. */
  readonly auditRecords: number;
  /** The number of different query shapes in the newest hour. */
  readonly shapes: number;
  /** Mean seconds of the slowest shapes, and failure counts of those that fail most, in the newest hour; worst first. */
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
  /** The id of the newest query of this shape, by which GET /v1/logs finds its lines. */
  readonly queryId: string;
}

export interface LogSummary {
  /** The period whose lines are counted: at most the last 24 hours, and not before the logger's start. */
  readonly from: string;
  readonly to: string;
  readonly rates: readonly {
    readonly role: string;
    readonly level: string;
    readonly lines: number;
    readonly perSecond: number;
  }[];
  readonly queries: { readonly count: number; readonly failed: number };
  /** The number of different shapes; when it exceeds `limit`, the lists show the worst ones. */
  readonly shapes: number;
  /** Queries whose shape came when there was no room for another shape: counted in `queries`, and in no list. */
  readonly unlistedQueries: number;
  readonly slowest: readonly ShapeSummary[];
  readonly mostFailing: readonly ShapeSummary[];
}

export interface SummaryFilter {
  /** Beginning of the period, as a date that Date.parse takes; 24 hours ago when left out. */
  readonly since?: string;
  /** Length of each list, 1 to 100. */
  readonly limit: number;
}
