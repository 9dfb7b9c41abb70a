/**
 * How a DSL worker's life ends: stopped in order, discarded after a query, killed, or condemned first, so that the
 * server can end its query with an error that says why. Each way leads into `killing`, and none out of it.
 */
import type { Log } from '../../core/logging/log.ts';
import type { Clock } from '../../core/process/clock.ts';
import type { Ending } from '../../core/protocol/endings.ts';
import type { ToChild } from '../../core/protocol/monitor.ts';
import type { ManagedChild } from '../children/managed-child.ts';
import { type DslEntry, enterState, isZombie } from './dsl-entry.ts';

export interface DslEndingsDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** false: there is no server to tell. */
  tellServer(message: ToChild): boolean;
  /** The set of workers that may be used has changed. */
  onChanged(): void;
  /** What the kernel says of it, for the log line about its end. */
  vitalsOf(child: ManagedChild): object;
}

/** How long a worker that the server gave up may take to stop: it has nothing left to do. */
const RETIRE_GRACE_MS = 1000;
/** How long the server has to end a query that it was told to end. */
const CONDEMNED_MS = 1000;

export class DslEndings {
  readonly #deps: DslEndingsDeps;

  constructor(deps: DslEndingsDeps) {
    this.#deps = deps;
  }

  /** Its query was cancelled or failed, as queries do: routine, where `kill` is what people should look at. */
  discard(entry: DslEntry, reason: string): void {
    const { workerId } = entry.child;
    this.#deps.log.info('dsl-discard', { workerId, reason });
    this.#signal(entry, { cause: 'discard', reason }, false);
  }

  stop(entry: DslEntry): void {
    enterState(entry, 'killing', this.#deps.clock.monotonicMs());
    entry.child.stop(RETIRE_GRACE_MS, entry.retiring ?? { cause: 'recycle', reason: 'retired' });
    this.#deps.onChanged();
  }

  kill(entry: DslEntry, ending: Ending, straight = false): void {
    if (entry.state === 'killing' && !straight) return;
    entry.condemned = null;
    const { child, queryId, principal } = entry;
    if (!isZombie(entry)) {
      const fields = { workerId: child.workerId, childPid: child.pid, queryId, principal, ...ending };
      this.#deps.log.warn('dsl-kill', { ...fields, ...this.#deps.vitalsOf(child) });
    }
    this.#signal(entry, ending, straight);
  }

  /** Has the server end its query with an error of that code; `killOverdue` sees to it that it does. */
  condemn(entry: DslEntry, code: 'memory-pressure' | 'memory-exceeded', ending: Ending): void {
    if (entry.state === 'killing' || entry.condemned !== null) return;
    const { queryId, principal, workerId } = entry;
    const { clock, log, tellServer } = this.#deps;
    log.warn('end-query', { workerId, queryId, principal, code, ...ending });
    entry.condemned = { ending, sinceMs: clock.monotonicMs() };
    const told = queryId !== null && tellServer({ type: 'end-query', queryId, code, message: ending.reason });
    if (!told) this.kill(entry, ending, true);
  }

  killOverdue(entry: DslEntry): void {
    const { condemned } = entry;
    if (condemned !== null && this.#deps.clock.monotonicMs() - condemned.sinceMs >= CONDEMNED_MS)
      this.kill(entry, condemned.ending, true);
  }

  #signal(entry: DslEntry, ending: Ending, straight: boolean): void {
    enterState(entry, 'killing', this.#deps.clock.monotonicMs());
    if (!isZombie(entry)) entry.child.kill(ending, straight);
    this.#deps.onChanged();
  }
}
