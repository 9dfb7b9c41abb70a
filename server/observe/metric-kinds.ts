/**
 * Kinds of metric that prom-client does not have by itself: gauges that are read when they are asked for, and counters
 * and histograms that somebody else counts. What is only shown here never falls while this process lives: its owner
 * sees to that, so that Prometheus finds a counter.
 */
import type { Metric, Registry } from 'prom-client';
import { Counter, Gauge } from './prom-client.ts';

export type Labels = Readonly<Record<string, string>>;
export type Say = (labels: Labels, value: number) => void;

/** Says the value of each series; what is not said is not there. */
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

/** What is not said this time is not there, where reset() would leave a zero: a counter that fell, or a false alarm. */
function clear(metric: Pick<Metric, 'reset' | 'remove'>, labelNames: readonly string[]): void {
  metric.reset();
  if (labelNames.length === 0) metric.remove();
}

/** Counts of one series; `buckets` are cumulative, one for each upper bound. */
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
  /** Upper ones, without the infinite one. */
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
  register.registerMetric(shown as unknown as Metric); // all that a registry asks of one: its name, and get()
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
