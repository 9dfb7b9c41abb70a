/**
 * All metrics in one place (docs/metrics.md lists them). Only the server has a registry: workers report with their replies,
 * and the monitor and the logger send totals, so that no counter falls when a worker dies. The server's own counts start at
 * zero when the server is replaced, which Prometheus allows for counters.
 */
import type * as promClient from 'prom-client';
import type { LogStats } from '../../core/protocol/log-stats.ts';
import type { Audit } from '../audit/audit.ts';
import { type AccessMetrics, addAccessMetrics } from './access.ts';
import { addConnectionMetrics, type WatchedConnections } from './connections.ts';
import { addLogMetrics } from './logger.ts';
import { defineCounters, defineGauges } from './metric-kinds.ts';
import { addMonitorMetrics } from './monitor.ts';
import { addPoolMetrics, type PoolMetricsDeps } from './pools.ts';
import type { MonitorReport } from './process-list.ts';
import { addProcessMetrics } from './processes.ts';
import { DEFAULT_METRICS, Registry } from './prom-client.ts';
import { createQueryMetrics, type QueryMetrics } from './queries.ts';
import { addResultMetrics, type WatchedResults } from './results.ts';
import type { TraceExporter } from './trace-exporter.ts';

export interface Metrics extends QueryMetrics, AccessMetrics {
  readonly contentType: string;
  /** Returns the text of a scrape. `monitor` is null when the monitor did not answer. */
  render(monitor: MonitorReport | null): Promise<string>;
  /** Adds the metrics of kept results; without them there are none. */
  watchResults(results: WatchedResults): void;
  /** The names, types and help texts of all metrics. */
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
  readonly connections: WatchedConnections;
  /** Returns the logger's counts; rejects when the logger does not answer. */
  logStats(): Promise<LogStats>;
  /** Returns the audit; null when there is none. */
  audit(): Audit | null;
  /** Null when spans are not exported. */
  readonly exporter: TraceExporter | null;
}

const PREFIX = 'forkline_server_';
/** Gauges of prom-client that are named like counters. The same gauges without `_total` tell more, since they are divided by type. */
const MISNAMED = ['active_handles_total', 'active_requests_total', 'active_resources_total'];

export function createMetrics(deps: MetricsDeps): Metrics {
  const register = new Registry();
  for (const add of DEFAULT_METRICS) add(register, { prefix: PREFIX, eventLoopMonitoringPrecision: 10 });
  addCpuCounters(register);
  for (const name of MISNAMED) register.removeSingleMetric(`${PREFIX}nodejs_${name}`);
  let monitor: MonitorReport | null = null;
  addPoolMetrics(register, deps);
  const countByKind = addConnectionMetrics(register, deps.connections);
  addProcessMetrics(register, () => monitor);
  addMonitorMetrics(register, () => monitor);
  addLogMetrics(register, deps.logStats);
  addBuildInfo(register, deps.buildId);
  if (deps.exporter !== null) addSpanCounters(register, deps.exporter);
  return {
    ...createQueryMetrics(register, countByKind),
    ...addAccessMetrics(register, deps.audit),
    contentType: register.contentType,
    get families() {
      return register.getMetricsAsArray() as unknown as MetricFamily[]; // every kind has these members
    },
    watchResults: (results) => addResultMetrics(register, results),
    render(latest) {
      monitor = latest;
      return register.metrics();
    },
  };
}

/** Adds the CPU time of the server under the names that prom-client uses. */
function addCpuCounters(register: promClient.Registry): void {
  const counter = defineCounters(register);
  const parts = { user: ['user'], system: ['system'], 'user and system': ['user', 'system'] } as const;
  for (const [what, kinds] of Object.entries(parts)) {
    const name = kinds.length === 1 ? `process_cpu_${what}_seconds_total` : 'process_cpu_seconds_total';
    counter(`${PREFIX}${name}`, `CPU time spent in seconds: ${what}`, [], (say) => {
      const usage = process.cpuUsage();
      say({}, kinds.reduce((total, kind) => total + usage[kind], 0) / 1e6);
    });
  }
}

function addBuildInfo(register: promClient.Registry, build: string): void {
  const help = 'Always 1; what runs is in the labels';
  defineGauges(register)('forkline_build_info', help, ['build', 'node'], (say) =>
    say({ build, node: process.version }, 1),
  );
}

function addSpanCounters(register: promClient.Registry, exporter: TraceExporter): void {
  const counter = defineCounters(register);
  counter('forkline_trace_spans_exported_total', 'Spans that the collector took', [], (say) =>
    say({}, exporter.exported),
  );
  const droppedHelp = 'Spans lost: the bounded queue was full, or the collector refused them';
  counter('forkline_trace_spans_dropped_total', droppedHelp, ['reason'], (say) => {
    for (const [reason, spans] of Object.entries(exporter.dropped)) say({ reason }, spans);
  });
}
