/**
 * Ends leased workers: by an orderly stop, by discarding after a query, by a kill, or by condemning first, so that the server
 * can end the query with an error that tells why. Each of these ends in the state `killing`, which is never left.
 */
import type { Ending } from '../../core/protocol/endings.ts';
import { enterState, isZombie, type LeasedEntry } from './leased-entry.ts';
import type { PoolDeps } from './pool.ts';

export type LeasedEndingsDeps = Pick<
  PoolDeps,
  'role' | 'clock' | 'log' | 'tellServer' | 'onChanged' | 'vitalsOf'
>;

/** The time for a worker to stop after the server gave it up: it has nothing left to do. */
const RETIRE_GRACE_MS = 1000;
/** The time that the server has to end a query that it was told to end. */
const CONDEMNED_MS = 1000;

export class LeasedEndings {
  readonly #deps: LeasedEndingsDeps;

  constructor(deps: LeasedEndingsDeps) {
    this.#deps = deps;
  }

  /** Ends a worker whose query was cancelled or failed. This is routine, and logged at a lower level than `kill`. */
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

  /** Tells the server to end the worker's query with an error of that code; `killOverdue` kills the worker if the server does not. */
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
