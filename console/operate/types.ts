/** The parts of the server's answers that the panel shows; /openapi.json has all of them. */
export interface ServerQuery {
  readonly queryId: string;
  readonly state: string;
  readonly phase: string;
  readonly query: string;
  readonly connection: string;
  readonly principal: string;
  readonly elapsedMs: number;
  readonly rows: number | null;
}

export interface ServerProcess {
  readonly workerId: string;
  readonly pid: number;
  readonly state: string;
  readonly cpuPercent: number;
  readonly rssBytes: number;
  readonly queriesServed: number;
  readonly queryId: string | null;
}

export interface LogShape {
  readonly shape: string;
  readonly count: number;
  readonly failed: number;
  readonly meanMs: number;
  readonly maxMs: number;
  readonly queryId: string;
}

export interface LogSummary {
  readonly slowest: readonly LogShape[];
  readonly mostFailing: readonly LogShape[];
}

export interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly role: string;
  readonly process: string;
  readonly event: string;
  /** Further members by the kind of event; docs/logs.md has them. */
  readonly [member: string]: unknown;
}
