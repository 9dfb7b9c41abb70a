/**
 * Takes down what happens on the connections of one run, as autocannon tells it, and turns it into the run's result.
 * Counted is what was asked for within the measured time, whenever its answer came: whoever counts by the time of
 * the answer leaves out the slowest ones. Rates are counted by the time of the answer.
 */

import type { LoadRequest, LoadResult, TimedLatency } from './messages.ts';
import type { Answered, Schedule } from './open-loop.ts';
import { correctForOmission } from './open-loop.ts';

/** The measured time. */
export interface Window {
  readonly startMs: number;
  readonly endMs: number;
}

interface NamedAnswer extends Answered {
  readonly name: string;
}

export class ConnectionLog {
  readonly answers: NamedAnswer[] = [];
  readonly #requests: readonly LoadRequest[];
  #asked: number;
  /** When the request that is under way was sent. */
  pendingSinceMs: number | null = null;
  /** The request that was sent last. */
  #current: LoadRequest | null = null;

  /** `offset`: the request that this connection starts with. */
  constructor(requests: readonly LoadRequest[], offset: number) {
    this.#requests = requests;
    this.#asked = offset;
  }

  get pendingName(): string | null {
    return this.pendingSinceMs === null ? null : (this.#current?.name ?? null);
  }

  onRequest(nowMs: number): void {
    this.#current = this.#requests[this.#asked++ % this.#requests.length]!;
    this.pendingSinceMs = nowMs;
  }

  /** Returns the request that this answers. */
  onAnswer(nowMs: number): LoadRequest | null {
    const request = this.#current;
    if (request === null || this.pendingSinceMs === null) return null;
    this.answers.push({ name: request.name, startMs: this.pendingSinceMs, endMs: nowMs });
    this.pendingSinceMs = null;
    return request;
  }
}

export type Counted = Omit<LoadResult, 'failures'>;

export function countClosed(logs: readonly ConnectionLog[], window: Window, endMs: number): Counted {
  const latencies: Record<string, TimedLatency[]> = {};
  let answers = 0;
  let unanswered = 0;
  for (const log of logs) {
    for (const { name, startMs, endMs: answeredAt } of log.answers) {
      if (isIn(window, answeredAt)) answers++;
      if (isIn(window, startMs)) add(latencies, name, startMs - window.startMs, answeredAt - startMs);
    }
    if (log.pendingSinceMs === null || !isIn(window, log.pendingSinceMs)) continue;
    unanswered++;
    add(latencies, log.pendingName ?? '', log.pendingSinceMs - window.startMs, endMs - log.pendingSinceMs);
  }
  return { answers, asked: askedOf(logs), seconds: secondsOf(window), latencies, unanswered };
}

/** One kind of request only: which one was due where none was sent is not known otherwise. */
export function countOpen(
  logs: readonly { readonly log: ConnectionLog; readonly schedule: Schedule }[],
  name: string,
  window: Window,
): Counted {
  const due = logs.flatMap(({ log, schedule }) => correctForOmission(schedule, log.answers));
  const counted = due.filter(({ dueMs }) => isIn(window, dueMs));
  const latencies = counted
    .map(({ dueMs, latencyMs }) => ({ atMs: dueMs - window.startMs, ms: latencyMs }))
    .sort((a, b) => a.atMs - b.atMs);
  const answers = logs.flatMap(({ log }) => log.answers.filter(({ endMs }) => isIn(window, endMs))).length;
  const unanswered = counted.filter(({ answered }) => !answered).length;
  const asked = askedOf(logs.map(({ log }) => log));
  return { answers, asked, seconds: secondsOf(window), latencies: { [name]: latencies }, unanswered };
}

/** Whether something that was asked for in the measured time still has no answer. */
export function isWaiting(logs: readonly ConnectionLog[], { endMs }: Window): boolean {
  return logs.some(({ pendingSinceMs }) => pendingSinceMs !== null && pendingSinceMs < endMs);
}

function askedOf(logs: readonly ConnectionLog[]): number {
  return logs.reduce(
    (n, { answers, pendingSinceMs }) => n + answers.length + (pendingSinceMs === null ? 0 : 1),
    0,
  );
}

function add(latencies: Record<string, TimedLatency[]>, name: string, atMs: number, ms: number): void {
  latencies[name] ??= [];
  latencies[name].push({ atMs, ms });
}

function isIn({ startMs, endMs }: Window, atMs: number): boolean {
  return atMs >= startMs && atMs < endMs;
}

function secondsOf({ startMs, endMs }: Window): number {
  return (endMs - startMs) / 1000;
}
