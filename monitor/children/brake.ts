/**
 * The crash brake: processes that die again and again at their start are started with growing delays, but never given up.
 * Pure; there is one state for each role.
 *
 *   released --5th failure within 30 s--> braking (0.5 s, then x1.5 a failure, up to 15 s)
 *   braking --30 s without a failure--> released
 */
const WINDOW_MS = 30_000;
const FAILURES = 5;
const FIRST_DELAY_MS = 500;
const FACTOR = 1.5;
const MAX_DELAY_MS = 15_000;

export interface BrakeState {
  /** Times of the failures within the window, oldest first. */
  readonly failuresAtMs: readonly number[];
  /** The delay after the last failure; 0 while released. */
  readonly delayMs: number;
}

export const releasedBrake: BrakeState = { failuresAtMs: [], delayMs: 0 };

export function afterFailure(state: BrakeState, nowMs: number): BrakeState {
  const last = state.failuresAtMs.at(-1);
  const calm = last === undefined || nowMs - last >= WINDOW_MS;
  const recent = state.failuresAtMs.filter((atMs) => nowMs - atMs < WINDOW_MS);
  const failuresAtMs = [...recent, nowMs].slice(-FAILURES);
  return { failuresAtMs, delayMs: nextDelayMs(calm ? 0 : state.delayMs, failuresAtMs.length) };
}

/** Returns how long the next start has to wait from now on; 0 when it may go ahead. */
export function brakeWaitMs(state: BrakeState, nowMs: number): number {
  const last = state.failuresAtMs.at(-1);
  if (last === undefined) return 0;
  return Math.max(0, last + state.delayMs - nowMs);
}

function nextDelayMs(delayMs: number, failures: number): number {
  if (delayMs > 0) return Math.min(MAX_DELAY_MS, delayMs * FACTOR);
  return failures >= FAILURES ? FIRST_DELAY_MS : 0;
}

/** The brake of one role, shared by everything that starts its processes. */
export class Brake {
  #state: BrakeState = releasedBrake;
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  fail(): void {
    this.#state = afterFailure(this.#state, this.#nowMs());
  }

  waitMs(): number {
    return brakeWaitMs(this.#state, this.#nowMs());
  }
}
