/**
 * The monitor's round, once a second: samples and inspects every process, guards the memory, hunts strays, and lets each
 * generation make its decisions. The rules themselves are pure functions in other files (health.ts, memory-pressure.ts,
 * monitor/pools/recycle.ts, monitor/pools/leased-rules.ts); this file gives them their readings, always in the same order.
 */
import type { Config } from '../../core/config/config.ts';
import type { Log } from '../../core/logging/log.ts';
import { LoopLag } from '../../core/process/loop-lag.ts';
import { isSameProcess, readSample } from '../../core/process/proc.ts';
import type { MemoryReading, ProcessRow } from '../../core/protocol/monitor.ts';
import type { InspectedProcess } from '../children/inspected-process.ts';
import type { LaunchContext } from '../children/launch.ts';
import type { ManagedChild } from '../children/managed-child.ts';
import { everyListening } from '../children/patient-timer.ts';
import type { Generation } from '../pools/generation.ts';
import { StrayHunt } from '../sweep/strays.ts';
import { Inspection } from './inspection.ts';
import { MemoryGuard } from './memory-guard.ts';
import { processTable } from './process-table.ts';
import { Sampler, type Watched } from './sampler.ts';
import { ZombieWatch } from './zombies.ts';

const TICK_MS = 1000;

/** The processes to watch, and the configured limits. */
export interface Watchee {
  isDraining(): boolean;
  generations(): Iterable<Generation>;
  /** Returns the processes that belong to no generation, such as the logger. */
  singleProcesses(): InspectedProcess[];
  /** Returns the limits of the current generation, which a reload changes. */
  policy(): Config['monitor'];
}

export interface WatchDeps {
  readonly watchee: Watchee;
  readonly context: LaunchContext;
  readonly database: { readonly pid: number } | null;
  readMemory(): MemoryReading | null;
}

export class Watch {
  readonly #deps: WatchDeps;
  readonly #log: Log;
  readonly #nowMs: () => number;
  readonly #sampler: Sampler;
  readonly #inspection: Inspection;
  readonly #guard: MemoryGuard;
  readonly #strays: StrayHunt;
  readonly #startedAtMs: number;
  /** Processes that SIGKILL did not end. */
  #unkillable: ManagedChild[] = [];
  #stopTicking: () => void = () => {};
  readonly #ownLag = new LoopLag();
  #ownLagMs = 0;
  #lastTickMs: number;

  constructor(deps: WatchDeps) {
    const { clock, log, runDir, stats } = deps.context;
    this.#deps = deps;
    this.#log = log;
    this.#nowMs = clock.monotonicMs;
    this.#startedAtMs = this.#lastTickMs = this.#nowMs();
    this.#sampler = new Sampler(this.#nowMs);
    const zombies = new ZombieWatch(this.#nowMs);
    this.#inspection = new Inspection({ sampler: this.#sampler, zombies, log });
    this.#guard = new MemoryGuard({ log, stats, read: () => deps.readMemory(), nowMs: this.#nowMs });
    this.#strays = new StrayHunt({
      ...{ runId: runDir.path, log, nowMs: this.#nowMs },
      onKilled: (number) => stats.straysKilled(number),
    });
  }

  start(): void {
    this.#stopTicking = everyListening(TICK_MS, () => this.#tick());
  }

  /** Ends the rounds once all processes have ended, and kills strays of the run that are left. */
  stop(): void {
    this.#stopTicking();
    this.#ownLag.stop();
    this.#hunt();
  }

  childEnded(child: ManagedChild): void {
    this.#strays.workerEnded();
    if (child.abandoned) this.#unkillable.push(child);
  }

  /** The processes that the monitor no longer waits for and that still exist. */
  get unkillable(): readonly ManagedChild[] {
    return this.#unkillable;
  }

  vitalsOf(child: ManagedChild): object {
    return this.#inspection.vitalsOf(child);
  }

  processes(): ProcessRow[] {
    this.#sampler.sampleNew(this.#watched());
    const { database, watchee } = this.#deps;
    const owner = new Map(
      [...watchee.generations()].flatMap((generation) =>
        generation.children().map((child) => [child, generation]),
      ),
    );
    return processTable({
      ...{ sampler: this.#sampler, nowMs: this.#nowMs(), startedAtMs: this.#startedAtMs, database },
      draining: watchee.isDraining(),
      eventLoopLagMs: this.#ownLagMs,
      children: this.#inspectedProcesses().map(({ child }) => child),
      workOf: (child) => owner.get(child)?.workOf(child) ?? { queryId: null, queriesServed: 0 },
    });
  }

  #inspectedProcesses(): InspectedProcess[] {
    const { watchee } = this.#deps;
    const others = [...watchee.generations()].flatMap((generation) => generation.inspectedProcesses());
    return [...watchee.singleProcesses(), ...others];
  }

  #watched(): Watched[] {
    const { database } = this.#deps;
    const others = database === null ? [process.pid] : [process.pid, database.pid];
    return [
      ...this.#inspectedProcesses().map(({ child }) => child),
      ...others.map((pid) => ({ pid, startTicks: null })),
    ];
  }

  #tick(): void {
    const { context, watchee } = this.#deps;
    // One time for the whole round: if this process is stopped in the middle of it, the next round notices.
    const nowMs = this.#nowMs();
    const policy = watchee.policy();
    const processes = this.#inspectedProcesses();
    this.#forgiveOwnSleep(processes, policy.heartbeatTimeoutMs, nowMs);
    this.#ownLagMs = this.#ownLag.takeMaxMs();
    this.#sampler.sample(this.#watched());
    context.stats.cpu.add(this.processes());
    context.stats.zombies = this.#inspection.round(processes, policy, nowMs);
    const mayFork = this.#guardMemory(policy);
    const rssOf = (child: ManagedChild) => this.#sampler.of(child.pid).rssBytes;
    for (const generation of watchee.generations()) generation.tick(mayFork, rssOf);
    const living = this.#living();
    this.#strays.tick(living.pids, living.workerIds);
    this.#unkillable = this.#unkillable.filter(isThere);
    context.stats.unkillable = this.#unkillable.length;
  }

  /** Treats all processes as just heard when this process itself stood still (a laptop asleep, a debugger) and could not read heartbeats. */
  #forgiveOwnSleep(processes: readonly InspectedProcess[], heartbeatTimeoutMs: number, nowMs: number): void {
    const lateMs = nowMs - this.#lastTickMs - TICK_MS;
    this.#lastTickMs = nowMs;
    if (lateMs <= heartbeatTimeoutMs / 4) return;
    this.#log.warn('tick-late', { lateMs: Math.round(lateMs) });
    for (const { child } of processes) child.lastHeartbeatAtMs = nowMs;
  }

  #guardMemory(policy: Config['monitor']): boolean {
    const generations = [...this.#deps.watchee.generations()];
    const { mayFork, victim } = this.#guard.check(
      generations.flatMap((generation) => generation.leased()),
      generations.some(({ isEndingOne }) => isEndingOne),
      {
        stopForkPercent: policy.memoryStopForkPercent,
        killPercent: policy.memoryKillPercent,
        settleMs: policy.memorySettleMs,
      },
    );
    if (victim !== null)
      generations.some((generation) => generation.endForPressure(victim.workerId, victim.reason));
    return mayFork;
  }

  #hunt(): void {
    const { pids, workerIds } = this.#living();
    this.#strays.hunt(pids, workerIds);
  }

  #living(): { pids: Set<number>; workerIds: Set<string> } {
    const children = [...this.#inspectedProcesses().map(({ child }) => child), ...this.#unkillable];
    return {
      pids: new Set(children.flatMap(({ pid }) => (pid === null ? [] : [pid]))),
      workerIds: new Set(children.map(({ workerId }) => workerId)),
    };
  }
}

function isThere({ pid, startTicks }: ManagedChild): boolean {
  return pid !== null && isSameProcess(pid, startTicks) === true && readSample(pid)?.state !== 'Z';
}
