/**
 * Every metric, in one place. The server is the only process with a registry: workers report with their replies
 * and the monitor with its process table, so that nothing resets when a worker dies. No query, user or id is a label.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { LogStats } from '../logger/log-stats.ts';
import type { ProcessRow } from '../monitor/messages.ts';
import type { DslStock } from './dsl-stock.ts';
import type { Lane } from './lane.ts';
import { addLogMetrics } from './log-metrics.ts';
import type { Planner } from './planner.ts';
import type { Phases, QueryRegistry } from './query-registry.ts';
import type { SqlSlots } from './sql-slots.ts';

/** OpenTelemetry's database buckets, and three for what takes long here. */
const DURATION_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300];

export interface EndedQuery {
  /** `ok` or an error code. */
  readonly code: string;
  readonly format: string;
  readonly elapsedMs: number;
  readonly phases: Phases;
  readonly bytes: number;
}

export interface Metrics {
  readonly contentType: string;
  queryEnded(query: EndedQuery): void;
  /** The exposition text. */
  render(processes: readonly ProcessRow[]): Promise<string>;
}

export interface MetricsDeps {
  readonly registry: QueryRegistry;
  readonly sqlSlots: SqlSlots;
  readonly dslStock: DslStock;
  readonly planner: Planner;
  readonly buildId: string;
  /** The logger's counts; may reject while it is away. */
  logStats(): Promise<LogStats>;
}

export function createMetrics(deps: MetricsDeps): Metrics {
  const register = new Registry();
  collectDefaultMetrics({ register, prefix: 'forkline_server_' });
  const counters = createCounters(register);
  createGauges(register, deps);
  addLogMetrics(register, deps.logStats);
  const processMetrics = createProcessMetrics(register);
  return {
    contentType: register.contentType,
    queryEnded({ code, format, elapsedMs, phases, bytes }) {
      counters.queries.inc({ code, format });
      counters.bytes.inc({ format }, bytes);
      counters.duration.observe(elapsedMs / 1000);
      for (const [phase, ms] of Object.entries(phases))
        if (ms > 0) counters.phases.observe({ phase }, ms / 1000);
    },
    render(processes) {
      processMetrics(processes);
      return register.metrics();
    },
  };
}

function createCounters(register: Registry) {
  const registers = [register];
  return {
    queries: new Counter({
      name: 'forkline_queries_total',
      help: 'Queries that ended, by outcome (ok or the error code) and answer format',
      labelNames: ['code', 'format'],
      registers,
    }),
    bytes: new Counter({
      name: 'forkline_answer_bytes_total',
      help: 'Bytes of answers, before the HTTP framing',
      labelNames: ['format'],
      registers,
    }),
    duration: new Histogram({
      name: 'forkline_query_duration_seconds',
      help: 'From the request to the end of its answer',
      buckets: DURATION_BUCKETS,
      registers,
    }),
    phases: new Histogram({
      name: 'forkline_query_phase_seconds',
      help: 'Time that queries spent in each phase',
      labelNames: ['phase'],
      buckets: DURATION_BUCKETS,
      registers,
    }),
  };
}

interface GaugeOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: string[];
}

/** A gauge that asks for its values when it is read. */
function addGauge(register: Registry, options: GaugeOptions, collect: (gauge: Gauge) => void): void {
  new Gauge({
    ...options,
    registers: [register],
    collect() {
      collect(this);
    },
  });
}

function createGauges(register: Registry, deps: MetricsDeps): void {
  const { registry, sqlSlots, dslStock, planner, buildId } = deps;
  const plain = (name: string, help: string, read: () => number): void =>
    addGauge(register, { name, help }, (gauge) => gauge.set(read()));
  plain('forkline_queries_running', 'Queries in flight, waiting ones included', () => registry.runningCount);
  plain('forkline_sql_slots', 'Database connections offered by the SQL workers', () => sqlSlots.total);
  plain('forkline_sql_slots_free', 'Database connections that no query uses', () => sqlSlots.free);
  plain('forkline_plan_cache_entries', 'Plans in the cache', () => planner.cache.size);
  createLaneGauges(register, [sqlSlots.lane, dslStock.lane]);
  addGauge(
    register,
    {
      name: 'forkline_dsl_workers',
      help: 'DSL workers by state, as the server sees them',
      labelNames: ['state'],
    },
    (gauge) => {
      for (const [state, count] of Object.entries(dslStock.counts())) gauge.set({ state }, count);
    },
  );
  createPlanCacheCounter(register, planner);
  addGauge(
    register,
    { name: 'forkline_build_info', help: 'Always 1; the build is the label', labelNames: ['build'] },
    (gauge) => gauge.set({ build: buildId }, 1),
  );
}

function createLaneGauges(register: Registry, lanes: readonly Lane<unknown>[]): void {
  const labelNames = ['lane'];
  addGauge(
    register,
    { name: 'forkline_queue_length', help: 'Queries that wait, by what they wait for', labelNames },
    (gauge) => {
      for (const lane of lanes) gauge.set({ lane: lane.name }, lane.waiting);
    },
  );
  addGauge(
    register,
    { name: 'forkline_queue_oldest_seconds', help: 'How long the first in the queue has waited', labelNames },
    (gauge) => {
      for (const lane of lanes) gauge.set({ lane: lane.name }, lane.oldestWaitMs(performance.now()) / 1000);
    },
  );
}

/** The cache counts; this only shows it. */
function createPlanCacheCounter(register: Registry, { cache }: Planner): void {
  new Counter({
    name: 'forkline_plan_cache_lookups_total',
    help: 'Plan cache look-ups by result',
    labelNames: ['result'],
    registers: [register],
    collect() {
      this.reset();
      this.inc({ result: 'hit' }, cache.hits);
      this.inc({ result: 'miss' }, cache.misses);
    },
  });
}

function createProcessMetrics(register: Registry): (processes: readonly ProcessRow[]) => void {
  const labelNames = ['role'];
  const registers = [register];
  const count = new Gauge({
    name: 'forkline_processes',
    help: 'Processes by role and state',
    labelNames: ['role', 'state'],
    registers,
  });
  const rss = new Gauge({
    name: 'forkline_process_resident_bytes',
    help: 'Resident memory by role',
    labelNames,
    registers,
  });
  const cpu = new Gauge({
    name: 'forkline_process_cpu_ratio',
    help: 'Cores in use over the last sample, by role',
    labelNames,
    registers,
  });
  const zombies = new Gauge({
    name: 'forkline_zombies',
    help: 'Processes that ended and were not waited for',
    registers,
  });
  return (processes) => {
    for (const gauge of [count, rss, cpu]) gauge.reset();
    for (const { role, state, rssBytes, cpuPercent } of processes) {
      count.inc({ role, state });
      rss.inc({ role }, rssBytes ?? 0);
      cpu.inc({ role }, (cpuPercent ?? 0) / 100);
    }
    zombies.set(processes.filter(({ kernelState }) => kernelState === 'Z').length);
  };
}
