/**
 * Who may use the planner's threads: a thread a task, the clients in turn, so that one that sends megabytes to be planned,
 * formatted or completed holds up another client by one task at most. A task whose asker has given up (deadline, cancel,
 * client gone) is waited for a moment longer, since most end by then, and ended with its thread after that.
 */
import { EventEmitter } from 'node:events';
import { raceCancellation } from '../../core/process/race-cancellation.ts';
import { type Asker, Lane } from '../admission/lane.ts';
import type { PlannerResult, PlannerTask } from './planner-thread.ts';

/** A new thread takes some 100 ms of a core to boot: what ends by itself by then is cheaper left alone. */
const ABANDONED_MS = 500;

/** Runs a task on a thread of its own; once `stop` tells of 'abort' the thread is ended. */
export interface TaskThreads {
  run(task: PlannerTask, stop: EventEmitter): Promise<PlannerResult>;
}

export interface PlannerLaneOptions {
  readonly threads: number;
  readonly queueLength: number;
  readonly queueWaitMs: number;
}

export class PlannerLane {
  readonly lane: Lane<true>;
  readonly #threads: TaskThreads;
  #free: number;

  constructor(threads: TaskThreads, { threads: count, queueLength, queueWaitMs }: PlannerLaneOptions) {
    this.#threads = threads;
    this.#free = count;
    this.lane = new Lane({
      name: 'planner thread',
      queueLength,
      queueWaitMs,
      take: () => (this.#free > 0 && this.#free-- > 0 ? [true] : null), // a task has one
    });
  }

  /** Rejects with queue-full, queue-timeout, or what cancelled it. */
  async run(task: PlannerTask, asker: Asker): Promise<PlannerResult> {
    await this.lane.acquire(asker);
    const stop = new EventEmitter();
    let timer: NodeJS.Timeout | undefined;
    const work = this.#threads.run(task, stop);
    const done = work.finally(() => {
      clearTimeout(timer);
      this.#free++;
      this.lane.offer();
    });
    return raceCancellation(asker.cancellation, done, () => {
      timer = setTimeout(() => stop.emit('abort'), ABANDONED_MS);
    });
  }
}
