/**
 * The metrics that the monitor counts over its whole life (monitor/children/stats.ts): ends and starts of processes, zombies,
 * memory, reloads. Each cause has a series from the first scrape on, since a rate needs a zero to rise from.
 */
import type { Registry } from 'prom-client';
import { readZombiesUnder } from '../../core/process/proc.ts';
import type { EndCause, KillCause } from '../../core/protocol/endings.ts';
import type { MonitorStats, RecycleLimit, Role } from '../../core/protocol/monitor.ts';
import { START_BUCKETS_MS } from '../../core/protocol/monitor.ts';
import {
  addHistogram,
  type Define,
  defineCounters,
  defineGauges,
  type Labels,
  type Say,
} from './metric-kinds.ts';
import type { ReadMonitor } from './processes.ts';

/** The roles beside the pools of workers. */
const SINGLE_ROLES = ['logger', 'server'];
const KILL_CAUSES = keysOf<KillCause>({
  ...{ stop: 0, recycle: 0, surplus: 0, discard: 0, deadline: 0, heartbeat: 0, stopped: 0 },
  ...{ uninterruptible: 0, zombie: 0, memory: 0, 'memory-pressure': 0, 'open-files': 0 },
  ...{ 'server-lost': 0, 'failed-start': 0 },
});
const OTHER_ENDS = keysOf<Exclude<EndCause, KillCause>>({
  ...{ exit: 0, 'error-exit': 0, signal: 0, unkillable: 0 },
});
const RECYCLE_LIMITS = keysOf<RecycleLimit>({ queries: 0, age: 0, rss: 0, used: 0 });

/** Returns all members of a union; the type checker makes sure that none is missing. */
function keysOf<T extends string>(all: Readonly<Record<T, 0>>): readonly T[] {
  return Object.keys(all) as T[];
}

/** Defines a metric from the monitor's counts; it has no series while the monitor does not answer. */
type DefineFrom = (
  name: string,
  help: string,
  labelNames: string[],
  read: (stats: MonitorStats, say: Say) => void,
) => void;

export function addMonitorMetrics(register: Registry, read: ReadMonitor): void {
  const from =
    (define: Define): DefineFrom =>
    (name, help, labelNames, sayAll) =>
      define(name, help, labelNames, (say) => {
        const stats = read()?.stats;
        if (stats !== undefined) sayAll(stats, say);
      });
  const gauge = from(defineGauges(register));
  const counter = from(defineCounters(register));
  addEndings(counter);
  addStarts(register, read);
  addTroubles(gauge, counter);
  addUnreaped(register);
  addMemory(gauge);
  addReloads(gauge, counter);
}

function addEndings(counter: DefineFrom): void {
  const labelNames = ['role', 'reason'];
  const exitsHelp = 'Processes that ended, by what the monitor wanted or what happened to them';
  counter('forkline_process_exits_total', exitsHelp, labelNames, ({ pools, ends }, say) =>
    sayOver(
      zeros('reason', [...KILL_CAUSES, ...OTHER_ENDS], [...SINGLE_ROLES, ...pools]),
      byReason(ends),
      say,
    ),
  );
  const killsHelp = 'Processes that a signal of the monitor ended, by why it was sent';
  counter('forkline_process_kills_total', killsHelp, labelNames, ({ pools, kills }, say) =>
    sayOver(zeros('reason', KILL_CAUSES, [...SINGLE_ROLES, ...pools]), byReason(kills), say),
  );
  const recycledHelp = 'Workers replaced because they met a limit of their life';
  counter('forkline_workers_recycled_total', recycledHelp, ['role', 'limit'], ({ pools, recycled }, say) => {
    const counts = recycled.map(({ role, limit, count }) => ({ labels: { role, limit }, value: count }));
    sayOver(zeros('limit', RECYCLE_LIMITS, pools), counts, say);
  });
  const cpuHelp = 'User and system CPU time by role, of processes that are gone as well';
  counter('forkline_process_cpu_seconds_total', cpuHelp, ['role'], ({ cpu }, say) => {
    for (const { role, seconds } of cpu) say({ role }, seconds);
  });
}

function addStarts(register: Registry, read: ReadMonitor): void {
  const text = {
    name: 'forkline_process_start_seconds',
    help: 'From the spawn of a process to its being ready',
    labelNames: ['role'],
    bounds: START_BUCKETS_MS.map((ms) => ms / 1000),
  };
  addHistogram(register, text, () => {
    const starts = read()?.stats.starts ?? [];
    return starts.map(({ role, totalMs, ...counts }) => ({
      ...counts,
      labels: { role },
      sum: totalMs / 1000,
    }));
  });
}

function addTroubles(gauge: DefineFrom, counter: DefineFrom): void {
  const zombiesHelp = 'Dead processes that nobody waits for, once they have lasted';
  gauge('forkline_zombies', zombiesHelp, [], ({ zombies }, say) => say({}, zombies));
  const unkillableHelp = 'Processes that outlived KILL and are there still';
  gauge('forkline_unkillable_processes', unkillableHelp, [], ({ unkillable }, say) => say({}, unkillable));
  const straysHelp = "Processes that left their worker's group, found by the run's id and killed";
  counter('forkline_strays_killed_total', straysHelp, [], ({ straysKilled }, say) => say({}, straysKilled));
}

/** Adds a metric that the server counts itself, since it shows whether the monitor stands still. */
function addUnreaped(register: Registry): void {
  const help = 'Dead children that the monitor has not waited for, as the server sees them';
  defineGauges(register)('forkline_unreaped_children', help, [], (say) =>
    say({}, readZombiesUnder(process.ppid).length),
  );
}

function addMemory(gauge: DefineFrom): void {
  const usedHelp = 'Memory in use, of the control group if it has a limit, else of the machine';
  gauge('forkline_memory_used_bytes', usedHelp, [], ({ memory }, say) => {
    if (memory !== null) say({}, memory.usedBytes);
  });
  const limitHelp = 'Memory that there is, of the control group if it has a limit, else of the machine';
  gauge('forkline_memory_limit_bytes', limitHelp, [], ({ memory }, say) => {
    if (memory !== null) say({}, memory.totalBytes);
  });
  const stoppedHelp = '1 while memory is so short that nothing but what is indispensable is started';
  gauge('forkline_forks_stopped', stoppedHelp, [], ({ forksStopped }, say) => say({}, forksStopped ? 1 : 0));
}

function addReloads(gauge: DefineFrom, counter: DefineFrom): void {
  counter('forkline_config_reloads_total', 'Reloads by result', ['result'], ({ reloads }, say) => {
    say({ result: 'success' }, reloads.succeeded);
    say({ result: 'failure' }, reloads.failed);
  });
  const successfulHelp =
    '1 when the configuration in force is the one read last; the start counts as a reload';
  gauge('forkline_config_last_reload_successful', successfulHelp, [], ({ lastReload }, say) =>
    say({}, lastReload.succeeded ? 1 : 0),
  );
  const timeName = 'forkline_config_last_reload_success_timestamp_seconds';
  gauge(timeName, 'When the configuration in force was read', [], ({ lastReload }, say) =>
    say({}, lastReload.lastSuccessAtUnixMs / 1000),
  );
}

interface Series {
  readonly labels: Labels;
  readonly value: number;
}

function byReason(counts: MonitorStats['ends']): Series[] {
  return counts.map(({ role, cause, count }) => ({ labels: { role, reason: cause }, value: count }));
}

function zeros(label: string, values: readonly string[], roles: readonly Role[]): Series[] {
  return roles.flatMap((role) => values.map((each) => ({ labels: { role, [label]: each }, value: 0 })));
}

/** Says the series of `some`, and those of `none` (zeros) for the labels that `some` lacks. */
function sayOver(none: readonly Series[], some: readonly Series[], say: Say): void {
  const values = new Map(
    [...none, ...some].map((series) => [Object.values(series.labels).join(' '), series]),
  );
  for (const { labels, value } of values.values()) say(labels, value);
}
