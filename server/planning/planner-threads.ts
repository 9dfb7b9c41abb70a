/**
 * The threads that plan. Their user (planner-lane.ts) never gives them more tasks than there are threads. So no task waits
 * here, the time that is measured is a task's running time, and replacing a thread affects only its own task.
 *
 * A thread is replaced when its task does not end in time (a parser or the compiler on hostile input cannot be
 * interrupted otherwise), and when it ends by itself because a judge of SQL broke in it. The task gets an error; those
 * that wait go to the other threads, or to the new one.
 */
import { strict as assert } from 'node:assert';
import { type EventEmitter, once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { QueryError } from '../../core/protocol/errors.ts';
import { brokenJudgeError } from '../../language/dialects/judge.ts';
import type { PlannerConnections, VersionedConnections } from './known-connections.ts';
import type { TaskThreads } from './planner-lane.ts';
import type { PlannerCall, PlannerReply, PlannerResult, PlannerTask } from './planner-thread.ts';

export interface PlannerThreadsOptions {
  readonly threads: number;
  readonly connections: PlannerConnections;
  /** The time that a task may take; TASK_TIMEOUT_MS when left out. */
  readonly taskTimeoutMs?: number;
  /** The stack of each thread; STACK_MB when left out. */
  readonly stackMb?: number;
  /** Called for each thread that had to be replaced, with the reason. */
  readonly onReplaced: (reason: string) => void;
}

/** The longest time of a task: far more than the largest text needs (1 MB is parsed and planned in half a second), even on a busy machine. */
const TASK_TIMEOUT_MS = 10_000;
/** The stack size of a thread. The parser recurses as deep as its text is nested; with this stack it parses a chain of 100,000 operators, five times what is allowed. */
const STACK_MB = 64;

export class PlannerThreads implements TaskThreads {
  readonly #pool: Piscina;
  readonly #onReplaced: (reason: string) => void;
  readonly #taskTimeoutMs: number;
  /** Running tasks, each with the time at which it must have ended. */
  readonly #running = new Map<EventEmitter, number>();
  #connections: VersionedConnections;
  readonly #alive = new Set<Worker>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PlannerThreadsOptions) {
    const { threads, connections, taskTimeoutMs = TASK_TIMEOUT_MS, stackMb = STACK_MB } = options;
    this.#onReplaced = options.onReplaced;
    this.#taskTimeoutMs = taskTimeoutMs;
    this.#connections = { version: 0, connections };
    this.#pool = new Piscina({
      filename: new URL('./planner-thread.js', import.meta.url).href,
      name: 'runTask',
      minThreads: threads,
      maxThreads: threads,
      workerData: this.#connections,
      resourceLimits: { stackSizeMb: stackMb },
      // Waiting threads must sleep, not spin: they share the cores with all other processes.
      atomics: 'disabled',
    });
    this.#pool.on('workerCreate', () => this.#follow());
  }

  /** Remembers each thread until its exit, also when the pool has dropped it: `close` waits for all of them. */
  #follow(): void {
    for (const thread of this.#pool.threads) {
      if (this.#alive.has(thread)) continue;
      this.#alive.add(thread);
      thread.once('exit', () => this.#alive.delete(thread));
    }
  }

  /** Returns the task's result. Rejects when its thread was ended, which also happens when `stop` emits 'abort'. */
  async run(task: PlannerTask, stop: EventEmitter): Promise<PlannerResult> {
    this.#running.set(stop, performance.now() + this.#taskTimeoutMs);
    this.#timer ??= setTimeout(() => this.#stopLate(), this.#taskTimeoutMs);
    try {
      const reply = await this.#send({ task, version: this.#connections.version }, stop);
      if (reply !== 'connections-unknown') return reply;
      const withConnections = await this.#send({ task, ...this.#connections }, stop);
      assert(withConnections !== 'connections-unknown', 'a planner thread was sent the connections');
      return withConnections;
    } catch (thrown) {
      return { ok: false, error: this.#replaced(thrown).toWire() };
    } finally {
      this.#running.delete(stop);
    }
  }

  /** Sets the connections for everything that is planned from now on. */
  setConnections(connections: PlannerConnections): void {
    this.#connections = { version: this.#connections.version + 1, connections };
  }

  #send(call: PlannerCall, signal: EventEmitter): Promise<PlannerReply> {
    return this.#pool.run(call, { signal });
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#pool.destroy();
    // The pool starts another thread when one that it had dropped before exits only now.
    while (this.#alive.size > 0) {
      await Promise.all([...this.#alive].map((thread) => once(thread, 'exit')));
      await this.#pool.destroy();
    }
  }

  /** Ends tasks that are late. One timer serves all tasks and is left running when they end: setting one per task took as long as parsing a small query. */
  #stopLate(): void {
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [stop, until] of this.#running) {
      if (until <= now) stop.emit('abort');
      else next = Math.min(next, until);
    }
    this.#timer = Number.isFinite(next) ? setTimeout(() => this.#stopLate(), next - now) : undefined;
  }

  /** Returns the error for the query whose task lost its thread. */
  #replaced(thrown: unknown): QueryError {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    this.#onReplaced(message);
    const broken = brokenJudgeError(thrown);
    if (broken !== null) return broken;
    if (thrown instanceof Error && thrown.name === 'AbortError')
      return new QueryError(
        'deadline-exceeded',
        `the query was not planned within ${this.#taskTimeoutMs} ms`,
        {
          hint: 'Make its text shorter or simpler.',
          limit: { name: 'planMs', value: this.#taskTimeoutMs },
        },
      );
    return QueryError.from(thrown);
  }
}
