/**
 * Finds and kills strays: processes that left the process group of the worker that started them (by a double fork with a new
 * session) and so outlive it. They are found by the run's id and the worker's id in their environment, which every child gets
 * and its descendants inherit, and killed when their worker or the run has ended. A process that also cleared its environment
 * cannot be found this way; only the cgroup of a container or of systemd ends it.
 *
 * A search reads the environment of every process of this user, 13 us each. So it runs when a worker has ended, at most once
 * a second, and from time to time in between.
 */
import type { Log } from '../../core/logging/log.ts';
import {
  isSameProcess,
  listPids,
  readCommand,
  readEnvironment,
  readSample,
} from '../../core/process/proc.ts';

/** The names of the two environment variables. Their values are the run directory's path and the worker's id. */
export const RUN_ID = 'FORKLINE_RUN_ID';
export const WORKER_ID = 'FORKLINE_WORKER_ID';

export interface Stray {
  readonly pid: number;
  readonly startTicks: number;
  readonly workerId: string;
  readonly command: string | null;
}

const SWEEP_EVERY_MS = 10_000;

/** Returns the processes of the run, except those with these pids and those of these workers. */
export function findStrays(
  runId: string,
  livingPids: ReadonlySet<number>,
  livingWorkers: ReadonlySet<string>,
): Stray[] {
  return listPids().flatMap((pid) => {
    if (livingPids.has(pid) || pid === process.pid) return [];
    const environment = readEnvironment(pid, [RUN_ID, WORKER_ID]);
    const workerId = environment?.[WORKER_ID] ?? 'unknown';
    if (environment?.[RUN_ID] !== runId || livingWorkers.has(workerId)) return [];
    const sample = readSample(pid);
    if (sample === null || sample.state === 'Z') return [];
    return [{ pid, startTicks: sample.startTicks, workerId, command: readCommand(pid) }];
  });
}

/** Kills each stray that is still the same process, and returns those. */
export function killStrays(strays: readonly Stray[]): Stray[] {
  return strays.filter(({ pid, startTicks }) => {
    if (isSameProcess(pid, startTicks) !== true) return false;
    try {
      process.kill(pid, 'SIGKILL');
      return true;
    } catch {
      return false; // it has ended since the search
    }
  });
}

export interface StrayHuntDeps {
  readonly runId: string;
  readonly log: Log;
  nowMs(): number;
  onKilled(number: number): void;
}

/** Decides when to search for strays, and logs which ones were killed. */
export class StrayHunt {
  readonly #deps: StrayHuntDeps;
  #workerEnded = false;
  #lastLookMs: number;

  constructor(deps: StrayHuntDeps) {
    this.#deps = deps;
    this.#lastLookMs = deps.nowMs();
  }

  workerEnded(): void {
    this.#workerEnded = true;
  }

  /** Searches when it is time; called once a second. */
  tick(livingPids: ReadonlySet<number>, livingWorkers: ReadonlySet<string>): void {
    const nowMs = this.#deps.nowMs();
    if (!this.#workerEnded && nowMs - this.#lastLookMs < SWEEP_EVERY_MS) return;
    this.#workerEnded = false;
    this.#lastLookMs = nowMs;
    this.hunt(livingPids, livingWorkers);
  }

  hunt(livingPids: ReadonlySet<number>, livingWorkers: ReadonlySet<string>): void {
    const killed = killStrays(findStrays(this.#deps.runId, livingPids, livingWorkers));
    if (killed.length === 0) return;
    this.#deps.onKilled(killed.length);
    for (const { pid, workerId, command } of killed)
      this.#deps.log.warn('stray-killed', {
        childPid: pid,
        workerId,
        command,
        reason: 'its worker has ended',
      });
  }
}
