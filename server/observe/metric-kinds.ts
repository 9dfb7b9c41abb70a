/**
 * Kinds of metrics that prom-client lacks: gauges whose values are read at each scrape, and counters and histograms that
 * other code counts. The owner of such a counter must see to it that it never falls while this process lives, as Prometheus
 * expects of counters.
 */
import type { Metric, Registry } from 'prom-client';
import { Counter, Gauge } from './prom-client.ts';

export type Labels = Readonly<Record<string, string>>;
export type Say = (labels: Labels, value: number) => void;

/** Calls `say` with the value of each series. A series without a value is left out of the scrape. */
export type ReadSeries = (say: Say) => void | Promise<void>;

/** Defines a metric in a registry whose series are read at each scrape. */
export type Define = (name: string, help: string, labelNames: string[], read: ReadSeries) => void;

export function defineGauges(register: Registry): Define {
  return (name, help, labelNames, read) =>
    void new Gauge({
      ...{ name, help, labelNames, registers: [register] },
      async collect() {
        clear(this, labelNames);
        await read((labels, value) => this.set(labels, value));
      },
    });
}

export function defineCounters(register: Registry): Define {
  return (name, help, labelNames, read) =>
    void new Counter({
      ...{ name, help, labelNames, registers: [register] },
      async collect() {
        clear(this, labelNames);
        await read((labels, value) => this.inc(labels, value));
      },
    });
}

/** Removes all series. After reset() alone, a series without a new value would show a zero: a counter that fell, or a false alarm. */
function clear(metric: Pick<Metric, 'reset' | 'remove'>, labelNames: readonly string[]): void {
  metric.reset();
  if (labelNames.length === 0) metric.remove();
}

/** The counts of one series; `buckets` are cumulative, one for each upper bound. */
export interface HistogramSeries {
  readonly labels: Labels;
  readonly count: number;
  readonly sum: number;
  readonly buckets: readonly number[];
}

export interface HistogramText {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** The upper bounds of the buckets, without the infinite one. */
  readonly bounds: readonly number[];
}

export function addHistogram(
  register: Registry,
  { name, help, labelNames, bounds }: HistogramText,
  read: () => readonly HistogramSeries[],
): void {
  const shown = {
    ...{ name, help, labelNames, type: 'histogram', aggregator: 'sum' },
    get: async () => ({
      ...shown,
      values: read().flatMap((series) => histogramValues(name, bounds, series)),
    }),
  };
  register.registerMetric(shown as unknown as Metric); // a registry only uses a metric's name and get()
}

function histogramValues(name: string, bounds: readonly number[], series: HistogramSeries) {
  const { labels, count, sum, buckets } = series;
  const bucket = (le: string, value: number) => ({
    ...{ metricName: `${name}_bucket`, labels: { le, ...labels }, value },
  });
  return [
    ...bounds.map((bound, i) => bucket(String(bound), buckets[i] ?? count)),
    bucket('+Inf', count),
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
