/**
 * CPU time by role, over the whole life of the run: what a process had used stays counted when it is gone. What it uses
 * after the last look at it (one a second) is not seen.
 */
import type { ProcessRow } from '../../core/protocol/monitor.ts';

export type CpuRow = Pick<ProcessRow, 'workerId' | 'role' | 'cpuSeconds'>;

export class CpuBook {
  readonly #totals = new Map<ProcessRow['role'], number>();
  #last = new Map<string, number>();

  /** Takes all processes that there are now. */
  look(rows: readonly CpuRow[]): void {
    const last = new Map<string, number>();
    for (const { workerId, role, cpuSeconds } of rows) {
      const before = this.#last.get(workerId) ?? 0;
      last.set(workerId, cpuSeconds ?? before);
      if (cpuSeconds === null) continue;
      // Less than before: another process by that name, as a restarted database is.
      const used = cpuSeconds < before ? cpuSeconds : cpuSeconds - before;
      this.#totals.set(role, (this.#totals.get(role) ?? 0) + used);
    }
    this.#last = last;
  }

  totals(): { role: ProcessRow['role']; seconds: number }[] {
    return [...this.#totals].map(([role, seconds]) => ({ role, seconds: Math.round(seconds * 100) / 100 }));
  }
}
