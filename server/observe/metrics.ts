/**
 * Every metric, in one place (docs/metrics.md lists them). The server is the only process with a registry: workers
 * report with their replies, the monitor and the logger with totals of their own, so that nothing falls when a worker
 * dies. What the server itself counts starts again when the server is replaced, as Prometheus expects of counters.
 */
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { LogStats } from '../../core/protocol/log-stats.ts';
import { addLogMetrics } from './logger.ts';
import { defineCounters, defineGauges } from './metric-kinds.ts';
import { addMonitorMetrics } from './monitor.ts';
import { addPoolMetrics, type PoolMetricsDeps } from './pools.ts';
import type { MonitorReport } from './process-list.ts';
import { addProcessMetrics } from './processes.ts';
import { createQueryMetrics, type QueryMetrics } from './queries.ts';
import type { TraceExporter } from './trace-exporter.ts';

export interface Metrics extends QueryMetrics {
  readonly contentType: string;
  /** The exposition text; null: the monitor did not answer. */
  render(monitor: MonitorReport | null): Promise<string>;
  /** What there is, without values. */
  readonly families: readonly MetricFamily[];
}

export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labelNames: readonly string[];
}

export interface MetricsDeps extends PoolMetricsDeps {
  readonly buildId: string;
  /** The logger's counts; may reject while it is away. */
  logStats(): Promise<LogStats>;
  /** null: spans are not exported. */
  readonly exporter: TraceExporter | null;
}

const PREFIX = 'forkline_server_';
/** Gauges of prom-client's that are named like counters; those without `_total`, by type, say more. */
const MISNAMED = ['active_handles_total', 'active_requests_total', 'active_resources_total'];

export function createMetrics(deps: MetricsDeps): Metrics {
  const register = new Registry();
  collectDefaultMetrics({ register, prefix: PREFIX });
  for (const name of MISNAMED) register.removeSingleMetric(`${PREFIX}nodejs_${name}`);
  let monitor: MonitorReport | null = null;
  addPoolMetrics(register, deps);
  addProcessMetrics(register, () => monitor);
  addMonitorMetrics(register, () => monitor);
  addLogMetrics(register, deps.logStats);
  addBuildInfo(register, deps.buildId);
  if (deps.exporter !== null) addSpanCounters(register, deps.exporter);
  return {
    ...createQueryMetrics(register),
    contentType: register.contentType,
    get families() {
      return register.getMetricsAsArray() as unknown as MetricFamily[]; // every kind has these members
    },
    render(latest) {
      monitor = latest;
      return register.metrics();
    },
  };
}

function addBuildInfo(register: Registry, build: string): void {
  const help = 'Always 1; what runs is in the labels';
  defineGauges(register)('forkline_build_info', help, ['build', 'node'], (say) =>
    say({ build, node: process.version }, 1),
  );
}

function addSpanCounters(register: Registry, exporter: TraceExporter): void {
  const counter = defineCounters(register);
  counter('forkline_trace_spans_exported_total', 'Spans that the collector took', [], (say) =>
    say({}, exporter.exported),
  );
  const droppedHelp = 'Spans lost: the bounded queue was full, or the collector refused them';
  counter('forkline_trace_spans_dropped_total', droppedHelp, ['reason'], (say) => {
    for (const [reason, spans] of Object.entries(exporter.dropped)) say({ reason }, spans);
  });
}
