/**
 * The monitor's look around, once a second: samples every process, has them inspected, guards the memory, hunts strays,
 * and lets each generation draw its conclusions. What decides is pure and elsewhere (health.ts, memory-pressure.ts,
 * monitor/pools/recycle.ts, monitor/pools/leased-rules.ts); this file brings readings and rules together, in one order.
 */
import type { Config } from '../../core/config/config.ts';
import type { Log } from '../../core/logging/log.ts';
import { LoopLag } from '../../core/process/loop-lag.ts';
import { isSameProcess, readSample } from '../../core/process/proc.ts';
import type { MemoryReading, ProcessRow } from '../../core/protocol/monitor.ts';
import type { LaunchContext } from '../children/launch.ts';
import type { ManagedChild } from '../children/managed-child.ts';
import type { Patient } from '../children/patient.ts';
import { everyListening } from '../children/patient-timer.ts';
import type { Generation } from '../pools/generation.ts';
import { StrayHunt } from '../sweep/strays.ts';
import { Inspection } from './inspection.ts';
import { MemoryGuard } from './memory-guard.ts';
import { processTable } from './process-table.ts';
import { Sampler, type Watched } from './sampler.ts';
import { ZombieWatch } from './zombies.ts';

const TICK_MS = 1000;

/** What is watched. */
export interface Watchee {
  isDraining(): boolean;
  generations(): Iterable<Generation>;
  /** Those of no generation. */
  ownPatients(): Patient[];
  /** Of the current generation: a reload changes them. */
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
  /** Processes that outlived KILL. */
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

  /** Everybody has ended: what is left of the run has no owner. */
  stop(): void {
    this.#stopTicking();
    this.#ownLag.stop();
    this.#hunt();
  }

  childEnded(child: ManagedChild): void {
    this.#strays.workerEnded();
    if (child.abandoned) this.#unkillable.push(child);
  }

  /** Not ours to wait for any more, and still there. */
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
      children: this.#patients().map(({ child }) => child),
      workOf: (child) => owner.get(child)?.workOf(child) ?? { queryId: null, queriesServed: 0 },
    });
  }

  #patients(): Patient[] {
    const { watchee } = this.#deps;
    const others = [...watchee.generations()].flatMap((generation) => generation.patients());
    return [...watchee.ownPatients(), ...others];
  }

  #watched(): Watched[] {
    const { database } = this.#deps;
    const others = database === null ? [process.pid] : [process.pid, database.pid];
    return [
      ...this.#patients().map(({ child }) => child),
      ...others.map((pid) => ({ pid, startTicks: null })),
    ];
  }

  #tick(): void {
    const { context, watchee } = this.#deps;
    // Of the whole look: what this process may sleep in the middle of it is the next look's to forgive.
    const nowMs = this.#nowMs();
    const policy = watchee.policy();
    const patients = this.#patients();
    this.#forgiveOwnSleep(patients, policy.heartbeatTimeoutMs, nowMs);
    this.#ownLagMs = this.#ownLag.takeMaxMs();
    this.#sampler.sample(this.#watched());
    context.stats.cpu.look(this.processes());
    context.stats.zombies = this.#inspection.round(patients, policy, nowMs);
    const mayFork = this.#guardMemory(policy);
    const rssOf = (child: ManagedChild) => this.#sampler.of(child.pid).rssBytes;
    for (const generation of watchee.generations()) generation.tick(mayFork, rssOf);
    const living = this.#living();
    this.#strays.tick(living.pids, living.workerIds);
    this.#unkillable = this.#unkillable.filter(isThere);
    context.stats.unkillable = this.#unkillable.length;
  }

  /** This process itself stood still (a laptop asleep, a debugger): nobody's heartbeat could be heard. */
  #forgiveOwnSleep(patients: readonly Patient[], heartbeatTimeoutMs: number, nowMs: number): void {
    const lateMs = nowMs - this.#lastTickMs - TICK_MS;
    this.#lastTickMs = nowMs;
    if (lateMs <= heartbeatTimeoutMs / 4) return;
    this.#log.warn('tick-late', { lateMs: Math.round(lateMs) });
    for (const { child } of patients) child.lastHeartbeatAtMs = nowMs;
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
    const children = [...this.#patients().map(({ child }) => child), ...this.#unkillable];
    return {
      pids: new Set(children.flatMap(({ pid }) => (pid === null ? [] : [pid]))),
      workerIds: new Set(children.map(({ workerId }) => workerId)),
    };
  }
}

function isThere({ pid, startTicks }: ManagedChild): boolean {
  return pid !== null && isSameProcess(pid, startTicks) === true && readSample(pid)?.state !== 'Z';
}
