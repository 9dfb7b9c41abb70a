/**
 * Inspects every process once a second and acts on the findings: the rules of health.ts, missing heartbeats, zombies. Each
 * decision is logged with its reason and the kernel's facts; repeated findings about a process are logged once.
 */
import type { Log } from '../../core/logging/log.ts';
import { readSample, readWchan } from '../../core/process/proc.ts';
import type { InspectedProcess } from '../children/inspected-process.ts';
import type { ManagedChild } from '../children/managed-child.ts';
import { examine, type HealthPolicy } from './health.ts';
import type { Sampler } from './sampler.ts';
import type { ZombieWatch } from './zombies.ts';

export interface InspectionDeps {
  readonly sampler: Sampler;
  readonly zombies: ZombieWatch;
  readonly log: Log;
}

export interface InspectionPolicy extends HealthPolicy {
  readonly heartbeatTimeoutMs: number;
}

export class Inspection {
  readonly #deps: InspectionDeps;
  /** The warnings that were logged about living processes, as `sql-1 many-open-files`. */
  #told = new Set<string>();

  constructor(deps: InspectionDeps) {
    this.#deps = deps;
  }

  /** Inspects all processes after a sample. `nowMs` is the time when the round began. @returns the number of lasting zombies. */
  round(processes: readonly InspectedProcess[], policy: InspectionPolicy, nowMs: number): number {
    const workerIds = new Set(processes.map(({ child }) => child.workerId));
    this.#told = new Set([...this.#told].filter((key) => workerIds.has(key.split(' ')[0] ?? '')));
    for (const inspected of processes) this.#examine(inspected, policy, nowMs);
    return this.#checkZombies(processes);
  }

  /** Returns the kernel's facts about the process, for the log line about its end. */
  vitalsOf({ pid }: ManagedChild): object {
    if (pid === null) return {};
    const { cpuPercent, cpuSeconds, rssBytes } = this.#deps.sampler.of(pid);
    return {
      kernelState: readSample(pid)?.state ?? null,
      wchan: readWchan(pid),
      ...{ cpuPercent, cpuSeconds, rssBytes },
    };
  }

  #examine(inspected: InspectedProcess, policy: InspectionPolicy, nowMs: number): void {
    const { child, mustBeat } = inspected;
    const silentMs = nowMs - child.lastHeartbeatAtMs;
    const look = this.#deps.sampler.of(child.pid);
    if (mustBeat && silentMs > policy.heartbeatTimeoutMs && look.kernelState !== 'Z')
      inspected.kill({ cause: 'heartbeat', reason: `no heartbeat for ${Math.round(silentMs)} ms` });
    for (const finding of examine(child.identity.role, look, policy, nowMs)) {
      if (finding.type === 'warn') this.#tellOnce(child, finding.event, finding.fields);
      else if (child.phase !== 'killing' && child.phase !== 'gone') {
        if (finding.type === 'kill') inspected.kill(finding.ending);
        else inspected.endQuery(finding.ending);
      }
    }
  }

  #tellOnce({ workerId, pid }: ManagedChild, event: string, fields: object): void {
    const key = `${workerId} ${event}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#deps.log.warn(event, { workerId, childPid: pid, ...fields });
  }

  #checkZombies(processes: readonly InspectedProcess[]): number {
    const { zombies, log } = this.#deps;
    const pids = processes.flatMap(({ child: { pid } }) => (pid === null ? [] : [pid]));
    const lasting = zombies.findLasting([process.pid, ...pids], new Set(pids));
    for (const zombie of lasting) {
      const parent = processes.find(({ child }) => child.pid === zombie.ppid);
      const role = parent?.child.identity.role;
      if (parent !== undefined && (role === 'sql' || role === 'dsl'))
        parent.kill({ cause: 'zombie', reason: `it does not reap its child ${zombie.pid}` });
      else if (zombies.isNews(zombie))
        log.warn('zombie', {
          zombiePid: zombie.pid,
          parent: parent?.child.workerId ?? 'monitor',
          forMs: Math.round(zombie.forMs),
        });
    }
    return lasting.length;
  }
}
