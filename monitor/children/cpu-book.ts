/**
 * CPU time by role, over the whole life of the run: the time of a process stays counted when it has ended. The time that it
 * uses after its last sample (one per second) is not counted.
 */
import type { ProcessRow } from '../../core/protocol/monitor.ts';

export type CpuRow = Pick<ProcessRow, 'workerId' | 'role' | 'cpuSeconds'>;

export class CpuBook {
  readonly #totals = new Map<ProcessRow['role'], number>();
  #last = new Map<string, number>();

  /** Adds a sample of all processes. */
  add(rows: readonly CpuRow[]): void {
    const last = new Map<string, number>();
    for (const { workerId, role, cpuSeconds } of rows) {
      const before = this.#last.get(workerId) ?? 0;
      last.set(workerId, cpuSeconds ?? before);
      if (cpuSeconds === null) continue;
      // Less than before means another process with the same name, such as a restarted database.
      const used = cpuSeconds < before ? cpuSeconds : cpuSeconds - before;
      this.#totals.set(role, (this.#totals.get(role) ?? 0) + used);
    }
    this.#last = last;
  }

  totals(): { role: ProcessRow['role']; seconds: number }[] {
    return [...this.#totals].map(([role, seconds]) => ({ role, seconds: Math.round(seconds * 100) / 100 }));
  }
}
