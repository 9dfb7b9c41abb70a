/**
 * The table of docs/metrics.md, out of the registry. `npm run docs:metrics` rewrites it in the file.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BodyBudget } from '../../../../server/admission/body-budget.ts';
import { DslStock } from '../../../../server/admission/dsl-stock.ts';
import { Lane } from '../../../../server/admission/lane.ts';
import { SqlSlots } from '../../../../server/admission/sql-slots.ts';
import { QueryRegistry } from '../../../../server/history/registry.ts';
import type { WatchedConnections } from '../../../../server/observe/connections.ts';
import { createMetrics, type MetricFamily, type Metrics } from '../../../../server/observe/metrics.ts';
import { TraceExporter } from '../../../../server/observe/trace-exporter.ts';
import type { Planner } from '../../../../server/planning/planner.ts';
import { CacheCounts } from '../../../../server/results/cache-counts.ts';

export const DOCUMENT = fileURLToPath(new URL('../../../../docs/metrics.md', import.meta.url));
const START = '<!-- metrics: written by test/unit/server/observe/metrics-table.ts -->\n';
const END = '<!-- end of metrics -->';
/** The prefix of prom-client's own metrics, which it documents. */
export const OF_NODE = 'forkline_server_';

/** Two connections of different kinds, one of them in the catalogue. */
const CONNECTIONS: WatchedConnections = {
  names: ['main', 'lake'],
  isStored: (name) => name === 'lake',
  dialectOf: (name) => ({ main: 'postgres', lake: 'files' })[name],
};

/** Returns the metrics of a server that has no worker, no query and no monitor yet. */
export function idleMetrics(): Metrics {
  const ignore = (): void => {};
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const lane = { queueLength: 4, queueWaitMs: 1000 };
  const stock = {
    ...lane,
    reuse: 'auto' as const,
    maxQueriesPerWorker: 1,
    max: 1,
    tell: ignore,
    onScrubFailed: ignore,
  };
  const metrics = createMetrics({
    audit: () => null,
    registry: new QueryRegistry(),
    bodies: new BodyBudget(1),
    sqlSlots: new SqlSlots({ ...lane, onRetired: ignore }),
    dslStock: new DslStock(stock),
    planner: {
      cache: { size: 0, bytes: 0, hits: 0, misses: 0 },
      lane: new Lane<true>({ ...lane, name: 'planner thread', take: () => null }),
    } as unknown as Planner, // the planner's threads are not needed
    buildId: 'test',
    connections: CONNECTIONS,
    readSpill: () => Promise.resolve({ totalBytes: 0, largestBytes: 0 }),
    spillLimitBytes: 1,
    exporter: new TraceExporter({ endpoint: 'http://127.0.0.1:1', resource: {}, log }),
    logStats: () => Promise.reject(new Error('there is no logger')),
  });
  metrics.watchResults({
    config: { maxBytes: 1, maxEntries: 1 },
    store: {
      ...{ bytes: 0, size: 0, memoryBytes: 0 },
      counts: { evictions: 0, damaged: 0, diskFailures: 0, refusals: 0 },
    },
    cacheCounts: new CacheCounts(),
    cache: null,
    shared: null,
    hearer: null,
    jobs: null,
  });
  return metrics;
}

/** Ours, in the order of their names. */
export function families(): MetricFamily[] {
  const ours = idleMetrics().families.filter(({ name }) => !name.startsWith(OF_NODE));
  return [...ours].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The document with the table as it should be. */
export function withTable(document: string): string {
  const start = document.indexOf(START);
  const end = document.indexOf(END);
  if (start < 0 || end < start) throw new Error('docs/metrics.md has lost its markers');
  const rows = families().map(({ name, type, labelNames, help }) => {
    const labels = labelNames.filter((label) => label !== 'le').map((label) => `\`${label}\``);
    return `| \`${name}\` | ${type} | ${labels.join(', ')} | ${help} |`;
  });
  const table = ['', '| metric | type | labels | |', '|---|---|---|---|', ...rows, '', ''].join('\n');
  return `${document.slice(0, start + START.length)}${table}${document.slice(end)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(DOCUMENT, withTable(readFileSync(DOCUMENT, 'utf8')));
}
