/**
 * The threads that plan. Their user (planner-lane.ts) gives them no more tasks than there are threads: so a task's time is
 * counted while it runs, and a thread that must be replaced has only the task that broke it.
 *
 * A thread is replaced when its task does not end in time (a parser or the compiler on hostile input cannot be
 * interrupted otherwise), and when it ends by itself because a judge of SQL broke in it. The task gets an error; those
 * that wait go to the other threads, or to the new one.
 */
import { strict as assert } from 'node:assert';
import type { EventEmitter } from 'node:events';
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
  /** Told of each thread that had to be replaced, and why. */
  readonly onReplaced: (reason: string) => void;
}

/** Far more than the largest text takes (1 MB is parsed and planned in half a second), even beside a thread that boots on a busy machine. */
const TASK_TIMEOUT_MS = 10_000;
/** The parser recurses as deep as its text: with this 100,000 operators in a chain parse, five times what is let through. */
const STACK_MB = 64;

export class PlannerThreads implements TaskThreads {
  readonly #pool: Piscina;
  readonly #onReplaced: (reason: string) => void;
  readonly #taskTimeoutMs: number;
  /** Tasks on threads, with the time until which each may run. */
  readonly #running = new Map<EventEmitter, number>();
  #connections: VersionedConnections;
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
      // A planner that waits for work must not spin: it shares two cores with everything else.
      atomics: 'disabled',
    });
  }

  /** The task's result, or why it lost its thread, as it does when `stop` tells of 'abort'. */
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

  /** What is planned from now on goes by these. */
  setConnections(connections: PlannerConnections): void {
    this.#connections = { version: this.#connections.version + 1, connections };
  }

  #send(call: PlannerCall, signal: EventEmitter): Promise<PlannerReply> {
    return this.#pool.run(call, { signal });
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#pool.destroy();
  }

  /** One timer for all of them, left running when they end: setting one for each took as long as parsing a small query. */
  #stopLate(): void {
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [stop, until] of this.#running) {
      if (until <= now) stop.emit('abort');
      else next = Math.min(next, until);
    }
    this.#timer = Number.isFinite(next) ? setTimeout(() => this.#stopLate(), next - now) : undefined;
  }

  /** Why a task lost its thread, as the error that its query gets. */
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
