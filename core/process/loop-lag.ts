/** Measures how long the event loop of this process stood still at worst, since it was asked last. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 20;
const NANOSECONDS_PER_MS = 1e6;

export class LoopLag {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#delay.enable();
  }

  takeMaxMs(): number {
    // The delays are those between ticks of a timer, which are RESOLUTION_MS apart at best.
    const maxMs = Math.max(0, this.#delay.max / NANOSECONDS_PER_MS - RESOLUTION_MS);
    this.#delay.reset();
    return maxMs;
  }

  stop(): void {
    this.#delay.disable();
  }
}
