/** Time as the monitor uses it, injectable for tests. */
export interface Clock {
  /** Milliseconds that never jump: for durations, heartbeats and the crash brake. */
  monotonicMs(): number;
  /** Unix milliseconds: for deadlines that other processes name. */
  unixMs(): number;
}

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  unixMs: () => Date.now(),
};
