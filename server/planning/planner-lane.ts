/**
 * Decides which task may use a planner thread. Each thread runs one task at a time and clients take turns, so that a client
 * that sends megabytes to be planned, formatted or completed delays another client by one task at most. When a task's asker
 * has given up (deadline, cancel, client gone), the task gets a moment more, since most end by then; after that its thread
 * is ended.
 */
import { EventEmitter } from 'node:events';
import { raceCancellation } from '../../core/process/race-cancellation.ts';
import { type Asker, Lane } from '../admission/lane.ts';
import type { PlannerResult, PlannerTask } from './planner-thread.ts';

/** The time that an abandoned task gets. Starting a new thread costs some 100 ms of a core, so it is cheaper to wait for a task that ends soon. */
const ABANDONED_MS = 500;

/** Runs a task on a free thread; when `stop` emits 'abort', the thread is ended. */
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
      take: () => (this.#free > 0 && this.#free-- > 0 ? [true] : null), // a task needs one thread
    });
  }

  /** Runs the task when a thread is free. Rejects with queue-full, queue-timeout, or the reason of its cancellation. */
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
