/**
 * How a leased worker's life ends: stopped in order, discarded after a query, killed, or condemned first, so that the
 * server can end its query with an error that says why. Each way leads into `killing`, and none out of it.
 */
import type { Ending } from '../../core/protocol/endings.ts';
import { enterState, isZombie, type LeasedEntry } from './leased-entry.ts';
import type { PoolDeps } from './pool.ts';

export type LeasedEndingsDeps = Pick<
  PoolDeps,
  'role' | 'clock' | 'log' | 'tellServer' | 'onChanged' | 'vitalsOf'
>;

/** How long a worker that the server gave up may take to stop: it has nothing left to do. */
const RETIRE_GRACE_MS = 1000;
/** How long the server has to end a query that it was told to end. */
const CONDEMNED_MS = 1000;

export class LeasedEndings {
  readonly #deps: LeasedEndingsDeps;

  constructor(deps: LeasedEndingsDeps) {
    this.#deps = deps;
  }

  /** Its query was cancelled or failed, as queries do: routine, where `kill` is what people should look at. */
  discard(entry: LeasedEntry, reason: string): void {
    const { workerId } = entry.child;
    this.#deps.log.info(`${this.#deps.role}-discard`, { workerId, reason });
    this.#signal(entry, { cause: 'discard', reason }, false);
  }

  stop(entry: LeasedEntry): void {
    enterState(entry, 'killing', this.#deps.clock.monotonicMs());
    entry.child.stop(RETIRE_GRACE_MS, entry.retiring ?? { cause: 'recycle', reason: 'retired' });
    this.#deps.onChanged();
  }

  kill(entry: LeasedEntry, ending: Ending, straight = false): void {
    if (entry.state === 'killing' && !straight) return;
    entry.condemned = null;
    const { child, queryId, principal } = entry;
    if (!isZombie(entry)) {
      const fields = { workerId: child.workerId, childPid: child.pid, queryId, principal, ...ending };
      this.#deps.log.warn(`${this.#deps.role}-kill`, { ...fields, ...this.#deps.vitalsOf(child) });
    }
    this.#signal(entry, ending, straight);
  }

  /** Has the server end its query with an error of that code; `killOverdue` sees to it that it does. */
  condemn(entry: LeasedEntry, code: 'memory-pressure' | 'memory-exceeded', ending: Ending): void {
    if (entry.state === 'killing' || entry.condemned !== null) return;
    const { queryId, principal, workerId } = entry;
    const { clock, log, tellServer } = this.#deps;
    log.warn('end-query', { workerId, queryId, principal, code, ...ending });
    entry.condemned = { ending, sinceMs: clock.monotonicMs() };
    const told = queryId !== null && tellServer({ type: 'end-query', queryId, code, message: ending.reason });
    if (!told) this.kill(entry, ending, true);
  }

  killOverdue(entry: LeasedEntry): void {
    const { condemned } = entry;
    if (condemned !== null && this.#deps.clock.monotonicMs() - condemned.sinceMs >= CONDEMNED_MS)
      this.kill(entry, condemned.ending, true);
  }

  #signal(entry: LeasedEntry, ending: Ending, straight: boolean): void {
    enterState(entry, 'killing', this.#deps.clock.monotonicMs());
    if (!isZombie(entry)) entry.child.kill(ending, straight);
    this.#deps.onChanged();
  }
}
