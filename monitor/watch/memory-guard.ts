/** Reads the memory once a second, keeps the state for the rule in memory-pressure.ts, and logs when the level changes. */
import type { Log } from '../../core/logging/log.ts';
import type { MemoryReading } from '../../core/protocol/monitor.ts';
import type { StatsBook } from '../children/stats.ts';
import { type Candidate, calm, decidePressure, type PressurePolicy } from './memory-pressure.ts';

export interface MemoryGuardDeps {
  readonly log: Log;
  readonly stats: StatsBook;
  read(): MemoryReading | null;
  nowMs(): number;
}

export interface MemoryVerdict {
  readonly mayFork: boolean;
  readonly victim: { readonly workerId: string; readonly reason: string } | null;
}

export class MemoryGuard {
  readonly #deps: MemoryGuardDeps;
  #state = calm;

  constructor(deps: MemoryGuardDeps) {
    this.#deps = deps;
  }

  check(candidates: readonly Candidate[], endingOne: boolean, policy: PressurePolicy): MemoryVerdict {
    const { log, nowMs, read, stats } = this.#deps;
    const reading = read();
    const before = this.#state.level;
    const { state, mayFork, victim } = decidePressure(
      this.#state,
      reading,
      candidates,
      endingOne,
      policy,
      nowMs(),
    );
    this.#state = state;
    stats.memory = reading;
    stats.forksStopped = !mayFork;
    if (state.level !== before)
      log[state.level === 'normal' ? 'info' : 'warn']('memory-pressure', {
        ...{ pressure: state.level, from: before, mayFork },
        ...reading,
      });
    return { mayFork, victim };
  }
}
