/**
 * The parts of prom-client that Forkline uses, loaded without its index file. The index loads OpenTelemetry's API (6 MB of
 * memory) for the exemplars of one metric, the CPU time of the process, which metrics.ts reads itself.
 */
import { createRequire } from 'node:module';
import type * as promClient from 'prom-client';

type DefaultMetric = (register: promClient.Registry, config: DefaultMetricConfig) => void;

interface DefaultMetricConfig {
  readonly prefix: string;
  /** The sampling interval of the event loop's histogram, in milliseconds. */
  readonly eventLoopMonitoringPrecision: number;
}

const require = createRequire(import.meta.url);

export const Counter: typeof promClient.Counter = require('prom-client/lib/counter');
export const Gauge: typeof promClient.Gauge = require('prom-client/lib/gauge');
export const Histogram: typeof promClient.Histogram = require('prom-client/lib/histogram');
export const Registry: typeof promClient.Registry = require('prom-client/lib/registry');

/** The metrics of `collectDefaultMetrics`, except the CPU time of the process. */
export const DEFAULT_METRICS: readonly DefaultMetric[] = [
  require('prom-client/lib/metrics/processStartTime'),
  require('prom-client/lib/metrics/osMemoryHeap'),
  require('prom-client/lib/metrics/processOpenFileDescriptors'),
  require('prom-client/lib/metrics/processMaxFileDescriptors'),
  require('prom-client/lib/metrics/eventLoopLag'),
  require('prom-client/lib/metrics/processResources'),
  require('prom-client/lib/metrics/processHandles'),
  require('prom-client/lib/metrics/processRequests'),
  require('prom-client/lib/metrics/heapSizeAndUsed'),
  require('prom-client/lib/metrics/heapSpacesSizeAndUsed'),
  require('prom-client/lib/metrics/version'),
  require('prom-client/lib/metrics/gc'),
];
