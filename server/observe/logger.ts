/**
 * The metrics of the log. The logger counts, and each scrape asks it. A restarted logger counts from zero, so the counts of
 * earlier logger processes are kept here and added. While no logger runs, the last numbers are shown.
 */
import type { Registry } from 'prom-client';
import type { LogStats } from '../../core/protocol/log-stats.ts';
import { Counter, Gauge } from './prom-client.ts';

/** The time for which one answer of the logger serves all metrics: those of one scrape are read at nearly the same time. */
const SHARED_MS = 500;

/** Adds the metrics. `stats` asks the logger and may reject; `now` is a clock in ms. */
export function addLogMetrics(
  register: Registry,
  stats: () => Promise<LogStats>,
  now: () => number = () => performance.now(),
): void {
  const source = new LogNumbers(stats, now);
  const registers = [register];
  const count = (name: string, help: string, labelNames: string[], rows: (total: Totals) => Row[]): void => {
    new Counter({
      name,
      help,
      labelNames,
      registers,
      async collect() {
        const { totals } = await source.read();
        this.reset();
        for (const { labels, value } of rows(totals)) this.inc(labels, value);
      },
    });
  };
  const gauge = (
    name: string,
    help: string,
    labelNames: string[],
    rows: (latest: LogStats) => Row[],
  ): void => {
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      async collect() {
        const { latest } = await source.read();
        this.reset();
        for (const { labels, value } of latest === null ? [] : rows(latest)) this.set(labels, value);
      },
    });
  };
  addCounters(count);
  addGauges(gauge);
}

interface Row {
  readonly labels: Record<string, string>;
  readonly value: number;
}

type Add<T> = (name: string, help: string, labelNames: string[], rows: (from: T) => Row[]) => void;

function addCounters(count: Add<Totals>): void {
  const one = (name: string, help: string): void =>
    count(name, help, [], (totals) => [{ labels: {}, value: totals.get(name) ?? 0 }]);
  count(
    'forkline_log_lines_total',
    'Lines in the log, by the role of their process and level',
    ['role', 'level'],
    (totals) => labelled(totals, 'forkline_log_lines_total', ['role', 'level']),
  );
  count(
    'forkline_log_lines_dropped_total',
    'Lines lost because the log took none, by role',
    ['role'],
    (totals) => labelled(totals, 'forkline_log_lines_dropped_total', ['role']),
  );
  one('forkline_log_bytes_total', 'Bytes of lines in the log');
  one('forkline_log_write_gaps_total', 'Times that the disk refused the log');
  one('forkline_log_write_gap_seconds_total', 'Time that the disk refused the log');
  one('forkline_log_rotations_total', 'Log files that were rotated away');
}

function addGauges(gauge: Add<LogStats>): void {
  const one = (name: string, help: string, read: (latest: LogStats) => number): void =>
    gauge(name, help, [], (latest) => [{ labels: {}, value: read(latest) }]);
  one('forkline_log_kept_files', 'Rotated log files', ({ keptFiles }) => keptFiles);
  one('forkline_log_kept_bytes', 'Bytes of rotated log files on the disk', ({ keptBytes }) => keptBytes);
  one(
    'forkline_log_pending_bytes',
    'Bytes of lines on their way into the log',
    ({ pendingBytes }) => pendingBytes,
  );
  one('forkline_query_shapes', 'Different query shapes in the last hour', ({ shapes }) => shapes);
  gauge(
    'forkline_slowest_shape_seconds',
    'Mean time of the slowest query shapes of the last hour, by rank',
    ['rank'],
    (latest) => ranked(latest.slowestShapeSeconds),
  );
  gauge(
    'forkline_most_failing_shape_failures',
    'Failures of the most failing query shapes of the last hour, by rank',
    ['rank'],
    (latest) => ranked(latest.mostFailures),
  );
}

function ranked(values: readonly number[]): Row[] {
  return values.map((value, i) => ({ labels: { rank: String(i + 1) }, value }));
}

/** Sums since the server's start. A key is the metric's name followed by its label values: `name sql warn`. */
type Totals = ReadonlyMap<string, number>;

function labelled(totals: Totals, name: string, labelNames: readonly string[]): Row[] {
  return [...totals].flatMap(([key, value]) => {
    const [ofName, ...values] = key.split(' ');
    if (ofName !== name) return [];
    return [{ labels: Object.fromEntries(labelNames.map((label, i) => [label, values[i]!])), value }];
  });
}

class LogNumbers {
  readonly #stats: () => Promise<LogStats>;
  readonly #now: () => number;
  #latest: LogStats | null = null;
  /** The counts of earlier logger processes. */
  #before = new Map<string, number>();
  #asked: { readonly atMs: number; readonly done: Promise<void> } | null = null;

  constructor(stats: () => Promise<LogStats>, now: () => number) {
    this.#stats = stats;
    this.#now = now;
  }

  async read(): Promise<{ readonly totals: Totals; readonly latest: LogStats | null }> {
    const nowMs = this.#now();
    if (this.#asked === null || nowMs - this.#asked.atMs > SHARED_MS)
      this.#asked = { atMs: nowMs, done: this.#ask() };
    await this.#asked.done;
    const totals = new Map(this.#before);
    if (this.#latest !== null) addUp(totals, this.#latest);
    return { totals, latest: this.#latest };
  }

  async #ask(): Promise<void> {
    try {
      const stats = await this.#stats();
      if (this.#latest !== null && this.#latest.instance !== stats.instance)
        addUp(this.#before, this.#latest);
      this.#latest = stats;
    } catch {
      // The logger does not answer. forkline_processes shows that; a scrape with its last numbers is better than a failed one.
    }
  }
}

function addUp(totals: Map<string, number>, stats: LogStats): void {
  const add = (key: string, value: number): void => void totals.set(key, (totals.get(key) ?? 0) + value);
  for (const { role, level, count } of stats.lines) add(`forkline_log_lines_total ${role} ${level}`, count);
  for (const { role, count } of stats.dropped) add(`forkline_log_lines_dropped_total ${role}`, count);
  add('forkline_log_bytes_total', stats.bytes);
  add('forkline_log_write_gaps_total', stats.writeGaps);
  add('forkline_log_write_gap_seconds_total', stats.writeGapMs / 1000);
  add('forkline_log_rotations_total', stats.rotations);
}
