/** The metrics of everything that queries wait for or share: lanes, database slots, DSL workers, the plan cache, spill. */
import type { Registry } from 'prom-client';
import type { BodyBudget } from '../admission/body-budget.ts';
import type { DslStock } from '../admission/dsl-stock.ts';
import type { Lane } from '../admission/lane.ts';
import type { SqlSlots } from '../admission/sql-slots.ts';
import type { QueryRegistry } from '../history/registry.ts';
import type { Planner } from '../planning/planner.ts';
import { type Define, defineCounters, defineGauges, type ReadSeries } from './metric-kinds.ts';
import type { SpillUsage } from './spill-usage.ts';

export interface PoolMetricsDeps {
  readonly registry: QueryRegistry;
  readonly bodies: BodyBudget;
  readonly sqlSlots: SqlSlots;
  readonly dslStock: DslStock;
  readonly planner: Planner;
  /** Reads the disk space that DSL workers use now. */
  readonly readSpill: () => Promise<SpillUsage>;
  /** The disk space that each DSL worker may use. */
  readonly spillLimitBytes: number;
}

export function addPoolMetrics(register: Registry, deps: PoolMetricsDeps): void {
  const gauge = defineGauges(register);
  const counter = defineCounters(register);
  const { registry, bodies, sqlSlots, dslStock, planner } = deps;
  gauge('forkline_queries_running', 'Queries in flight, waiting ones included', [], (say) =>
    say({}, registry.runningCount),
  );
  gauge('forkline_bodies_bytes', 'Bytes of large request bodies in flight', [], (say) =>
    say({}, bodies.heldBytes),
  );
  gauge('forkline_history_bytes', 'Memory that the texts of ended queries take, as estimated', [], (say) =>
    say({}, registry.historyBytes),
  );
  gauge('forkline_sql_slots', 'Database connections offered by the SQL workers', [], (say) =>
    say({}, sqlSlots.total),
  );
  gauge('forkline_sql_slots_free', 'Database connections that no query uses', [], (say) =>
    say({}, sqlSlots.free),
  );
  addLanes(gauge, { sql: sqlSlots.lane, dsl: dslStock.lane, planner: planner.lane });
  addDslStock(gauge, counter, dslStock);
  addPlanCache(gauge, counter, planner);
  addSpill(gauge, deps);
}

function addLanes(gauge: Define, lanes: Readonly<Record<string, Lane<unknown>>>): void {
  const each = (read: (lane: Lane<unknown>) => number): ReadSeries => {
    return (say) => {
      for (const [name, lane] of Object.entries(lanes)) say({ lane: name }, read(lane));
    };
  };
  const lengthHelp = 'Queries that wait, for a database slot (sql), a DSL worker (dsl) or a planner thread';
  gauge(
    'forkline_queue_length',
    lengthHelp,
    ['lane'],
    each((lane) => lane.waiting),
  );
  gauge(
    'forkline_queue_limit',
    'Queries that may wait; one more is refused',
    ['lane'],
    each((lane) => lane.queueLength),
  );
  gauge(
    'forkline_queue_oldest_seconds',
    'How long the first in the queue has waited',
    ['lane'],
    each((lane) => lane.oldestWaitMs(performance.now()) / 1000),
  );
}

function addDslStock(gauge: Define, counter: Define, dslStock: DslStock): void {
  const workersHelp = 'DSL workers by state, as the server sees them';
  gauge('forkline_dsl_workers', workersHelp, ['state'], (say) => {
    for (const [state, count] of Object.entries(dslStock.counts()))
      if (state !== 'gone') say({ state }, count);
  });
  const leasesHelp = 'Queries given a DSL worker: one that never served, or one that was scrubbed';
  counter('forkline_dsl_leases_total', leasesHelp, ['worker'], (say) => {
    for (const [worker, count] of Object.entries(dslStock.leases)) say({ worker }, count);
  });
  counter('forkline_dsl_warm_misses_total', 'Queries that found no DSL worker idle', [], (say) =>
    say({}, dslStock.lane.misses),
  );
}

/** Adds the metrics of the plan cache, which counts itself. */
function addPlanCache(gauge: Define, counter: Define, { cache }: Planner): void {
  gauge('forkline_plan_cache_entries', 'Plans in the cache', [], (say) => say({}, cache.size));
  gauge('forkline_plan_cache_bytes', 'Memory that the plans in the cache take, as estimated', [], (say) =>
    say({}, cache.bytes),
  );
  counter('forkline_plan_cache_lookups_total', 'Plan cache look-ups by result', ['result'], (say) => {
    say({ result: 'hit' }, cache.hits);
    say({ result: 'miss' }, cache.misses);
  });
}

function addSpill(gauge: Define, { readSpill, spillLimitBytes }: PoolMetricsDeps): void {
  const allHelp = 'Bytes that all DSL workers have spilled to disk now';
  gauge('forkline_spill_bytes', allHelp, [], async (say) => say({}, (await readSpill()).totalBytes));
  const largestHelp = 'Bytes that the DSL worker which spilled most has on disk now';
  gauge('forkline_spill_largest_bytes', largestHelp, [], async (say) =>
    say({}, (await readSpill()).largestBytes),
  );
  gauge('forkline_spill_limit_bytes', 'Bytes that one DSL worker may spill', [], (say) =>
    say({}, spillLimitBytes),
  );
}
