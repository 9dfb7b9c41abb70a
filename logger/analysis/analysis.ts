/**
 * Counts what goes into the file: totals for the metrics, and windows of five minutes over the last 24 hours, from
 * which the summary of any stretch of time is added up. A line counts when it is written, whatever its own time, and
 * once. Queries are the server's `query-ended` and `query-failed` lines, by the shape of their text.
 */
import type { LineStamp } from '../../core/logging/line.ts';
import { shapeOf } from '../../core/logging/shape.ts';
import type { LogStats, LogSummary, ShapeSummary, SummaryFilter } from '../../core/protocol/log-stats.ts';
import { WindowCounts } from './shape-counts.ts';

const WINDOW_MS = 300_000;
const MAX_WINDOWS = 288;
const METRICS_MS = 3_600_000;
/** Ranks are labels of metrics. */
const METRICS_RANKS = 5;
const MAX_LIMIT = 100;
const ROLES: ReadonlySet<string> = new Set(['monitor', 'logger', 'server', 'sql', 'dsl', 'database']);
const LEVELS: ReadonlySet<string> = new Set(['debug', 'info', 'warn', 'error']);
const OTHER = 'other';
const MAX_CACHED_SHAPES = 500;

interface Window {
  readonly startMs: number;
  readonly counts: WindowCounts;
}

export type LogTotals = Pick<LogStats, 'lines' | 'dropped' | 'bytes'>;
export type ShapeStats = Pick<LogStats, 'shapes' | 'slowestShapeSeconds' | 'mostFailures'>;

export class LogAnalysis {
  readonly #now: () => number;
  readonly #startedAtMs: number;
  readonly #lines = new Map<string, number>();
  readonly #dropped = new Map<string, number>();
  readonly #shapes = new Map<string, string>();
  #windows: Window[] = [];
  #bytes = 0;

  /** `now` in Unix ms. */
  constructor(now: () => number) {
    this.#now = now;
    this.#startedAtMs = now();
  }

  /** A line that is in the file now. */
  observe(line: Buffer, { role: givenRole, level: givenLevel, event }: LineStamp): void {
    const role = ROLES.has(givenRole) ? givenRole : OTHER;
    const key = `${role} ${LEVELS.has(givenLevel) ? givenLevel : OTHER}`;
    this.#bytes += line.length;
    this.#lines.set(key, (this.#lines.get(key) ?? 0) + 1);
    const { counts } = this.#window();
    counts.addLine(key);
    if (event === 'query-ended' || event === 'query-failed') this.#addQuery(counts, role, line);
    else if (event === 'log-lines-dropped') this.#addDropped(role, line);
  }

  totals(): LogTotals {
    return {
      lines: [...this.#lines].map(([key, count]) => ({ ...parseKey(key), count })),
      dropped: [...this.#dropped].map(([role, count]) => ({ role, count })),
      bytes: this.#bytes,
    };
  }

  shapeStats(): ShapeStats {
    const { counts } = this.#since(this.#now() - METRICS_MS);
    const shapes = counts.summaries();
    return {
      shapes: shapes.length,
      slowestShapeSeconds: worst(shapes, bySlowness, METRICS_RANKS).map(({ meanMs }) => meanMs / 1000),
      mostFailures: worst(failing(shapes), byFailures, METRICS_RANKS).map(({ failed }) => failed),
    };
  }

  /** Throws when the filter means nothing. */
  summary({ since, limit }: SummaryFilter): LogSummary {
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
      throw new Error(`limit is not 1 to ${MAX_LIMIT}`);
    const sinceMs = since === undefined ? 0 : Date.parse(since);
    if (Number.isNaN(sinceMs)) throw new Error(`since is not a date: ${since}`);
    const { counts, fromMs } = this.#since(sinceMs);
    const toMs = this.#now();
    const seconds = Math.max(1, (toMs - fromMs) / 1000);
    const shapes = counts.summaries();
    return {
      from: new Date(fromMs).toISOString(),
      to: new Date(toMs).toISOString(),
      rates: [...counts.lines].sort().map(([key, lines]) => {
        return { ...parseKey(key), lines, perSecond: Math.round((lines / seconds) * 1000) / 1000 };
      }),
      queries: { count: counts.queries, failed: counts.failed },
      shapes: shapes.length,
      unlistedQueries: counts.unlisted,
      slowest: worst(shapes, bySlowness, limit),
      mostFailing: worst(failing(shapes), byFailures, limit),
    };
  }

  /** Whole windows, from the one that `sinceMs` falls into. */
  #since(sinceMs: number): { readonly counts: WindowCounts; readonly fromMs: number } {
    const oldestMs = this.#now() - MAX_WINDOWS * WINDOW_MS;
    const startMs = Math.max(sinceMs, oldestMs);
    const counts = new WindowCounts();
    for (const window of this.#windows) if (window.startMs + WINDOW_MS > startMs) counts.merge(window.counts);
    const firstMs = startMs - (startMs % WINDOW_MS);
    return { counts, fromMs: Math.min(this.#now(), Math.max(firstMs, this.#startedAtMs)) };
  }

  #window(): Window {
    const nowMs = this.#now();
    const newest = this.#windows.at(-1);
    // A clock that was set back goes on in the newest window.
    if (newest !== undefined && nowMs < newest.startMs + WINDOW_MS) return newest;
    const fresh = { startMs: nowMs - (nowMs % WINDOW_MS), counts: new WindowCounts() };
    this.#windows.push(fresh);
    const oldestMs = nowMs - MAX_WINDOWS * WINDOW_MS;
    this.#windows = this.#windows.filter(({ startMs }) => startMs + WINDOW_MS > oldestMs);
    return fresh;
  }

  #addQuery(counts: WindowCounts, role: string, line: Buffer): void {
    if (role !== 'server') return; // workers tell of their parts of a query in the same words
    const { query, queryId, code, elapsedMs } = fieldsOf(line);
    if (typeof query !== 'string' || typeof elapsedMs !== 'number') return; // the fields were too long: see core/logging/line.ts
    const failure = typeof code === 'string' && code !== 'ok' ? code : null;
    counts.addQuery({ shape: this.#shapeOf(query), queryId: String(queryId), code: failure, elapsedMs });
  }

  #addDropped(role: string, line: Buffer): void {
    const { count } = fieldsOf(line);
    if (typeof count === 'number') this.#dropped.set(role, (this.#dropped.get(role) ?? 0) + count);
  }

  /** Most queries come again, to the letter: the newest texts are kept with their shapes. */
  #shapeOf(text: string): string {
    const shape = this.#shapes.get(text) ?? shapeOf(text);
    this.#shapes.delete(text);
    this.#shapes.set(text, shape);
    if (this.#shapes.size > MAX_CACHED_SHAPES) this.#shapes.delete(this.#shapes.keys().next().value!);
    return shape;
  }
}

/** Nothing here may throw: the line is in the file, whatever can be made of it. */
function fieldsOf(line: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(line.toString('utf8')) as Record<string, unknown>;
  } catch {
    return {}; // torn by its writer's end; a search passes over it as well
  }
}

function parseKey(key: string): { readonly role: string; readonly level: string } {
  const [role, level] = key.split(' ');
  return { role: role!, level: level! };
}

function failing(shapes: readonly ShapeSummary[]): ShapeSummary[] {
  return shapes.filter(({ failed }) => failed > 0);
}

function bySlowness(a: ShapeSummary, b: ShapeSummary): number {
  return b.meanMs - a.meanMs || b.count - a.count;
}

function byFailures(a: ShapeSummary, b: ShapeSummary): number {
  return b.failed - a.failed || b.count - a.count;
}

function worst(
  shapes: readonly ShapeSummary[],
  order: (a: ShapeSummary, b: ShapeSummary) => number,
  limit: number,
): ShapeSummary[] {
  return [...shapes].sort(order).slice(0, limit);
}
