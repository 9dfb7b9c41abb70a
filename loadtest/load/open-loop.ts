/**
 * Correction for coordinated omission. In an open loop requests are due at fixed times; a connection that waits for a
 * late answer sends none meanwhile, and the requests that it left out are just those that would have been slow. So
 * latencies are counted from when a request was due, and those never sent count as if they had waited for the first
 * one that was. autocannon's own correction takes 1 ms for the interval whatever the rate is, and cannot be used.
 */

/** One answer on one connection. */
export interface Answered {
  readonly startMs: number;
  readonly endMs: number;
}

export interface Slot {
  /** When the request was due. */
  readonly dueMs: number;
  readonly latencyMs: number;
  /** false: no answer had come by the end; the latency is what had passed by then. */
  readonly answered: boolean;
}

export interface Schedule {
  readonly firstDueMs: number;
  readonly intervalMs: number;
  /** When the run ended; what was due by then and has no answer is unanswered. */
  readonly endMs: number;
}

/** Timers are late by some ms on a busy machine; past this share of the interval it is the answer before that was. */
const TIMER_SLACK = 0.1;

/**
 * The requests due on one connection, one every `intervalMs`. `answers` in order of their start. A request that was
 * sent in time sets the clock for the next: the sender's timer drifts, which is nobody's latency.
 */
export function correctForOmission(schedule: Schedule, answers: readonly Answered[]): Slot[] {
  const { firstDueMs, intervalMs, endMs: endOfRunMs } = schedule;
  const slots: Slot[] = [];
  let dueMs = firstDueMs;
  for (const { startMs, endMs } of answers) {
    if (startMs <= dueMs + intervalMs * TIMER_SLACK) dueMs = startMs;
    do {
      slots.push({ dueMs, latencyMs: endMs - dueMs, answered: true });
      dueMs += intervalMs;
    } while (dueMs <= startMs);
  }
  for (; dueMs < endOfRunMs; dueMs += intervalMs)
    slots.push({ dueMs, latencyMs: endOfRunMs - dueMs, answered: false });
  return slots;
}
