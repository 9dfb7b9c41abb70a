/** Everything by which the server can be observed: metrics, spans, and the log's own numbers. Made once, in main.ts. */
import type { Log } from '../../core/logging/log.ts';
import { createLogSearch, type LogSearch } from '../../core/logging/search-client.ts';
import { describeRunDir } from '../../core/process/run-dir.ts';
import type { ChildIdentity } from '../../core/protocol/monitor.ts';
import type { ServerConfig } from '../../core/protocol/server-config.ts';
import type { Audit } from '../audit/audit.ts';
import { createMetrics, type Metrics, type MetricsDeps } from './metrics.ts';
import { readSpillUsage } from './spill-usage.ts';
import { createTracing, type Tracing } from './tracing.ts';

/** The time for sending the last spans when the server stops. */
const LAST_SPANS_MS = 1000;

export interface Observation {
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  readonly logSearch: LogSearch;
  close(): Promise<void>;
}

export interface ObservationDeps {
  readonly identity: ChildIdentity;
  readonly config: ServerConfig;
  readonly log: Log;
}

export function createObservation(
  { identity, config, log }: ObservationDeps,
  watched: Pick<MetricsDeps, 'registry' | 'bodies' | 'sqlSlots' | 'dslStock' | 'planner' | 'connections'>,
  audit: Audit | null,
): Observation {
  const { buildId, runDir, workerId } = identity;
  const { limits, logSocket } = config;
  const logSearch = createLogSearch({ logSocket });
  // Describes the service that made the spans, by the names of OpenTelemetry's conventions.
  const resource = {
    'service.name': 'forkline',
    'service.version': buildId,
    'service.instance.id': workerId,
  };
  const tracing = createTracing(config.tracing, resource, log);
  const { workersDir } = describeRunDir(runDir);
  const metrics = createMetrics({
    ...watched,
    audit: () => audit,
    buildId,
    readSpill: () => readSpillUsage(workersDir),
    spillLimitBytes: limits.dslSpillBytes,
    exporter: tracing.exporter,
    logStats: logSearch.stats,
  });
  return {
    metrics,
    tracing,
    logSearch,
    close: async () => tracing.exporter?.close(LAST_SPANS_MS),
  };
}
