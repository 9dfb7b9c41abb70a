/**
 * Takes workers out of use whose sandbox shows other places than are wanted now: connections to files have changed, or a
 * directory of theirs was replaced by another. The server gives them up, at once or when their query has ended.
 */
import type { Ending } from '../../core/protocol/endings.ts';
import type { ManagedChild } from '../children/managed-child.ts';
import type { LeasedEndings } from './leased-endings.ts';
import { isIdle, type LeasedEntry } from './leased-entry.ts';
import type { PoolDeps } from './pool.ts';

export const OUTDATED: Ending = {
  cause: 'recycle',
  reason: 'its sandbox shows other files than are wanted now',
};

export class OutdatedWorkers {
  readonly #deps: Pick<PoolDeps, 'role' | 'shownKey' | 'tellServer'>;
  readonly #endings: LeasedEndings;
  /** The workers that the server was told of. */
  readonly #told = new Set<string>();
  #key: string | null = null;

  constructor(deps: Pick<PoolDeps, 'role' | 'shownKey' | 'tellServer'>, endings: LeasedEndings) {
    this.#deps = deps;
    this.#endings = endings;
  }

  isOutdated({ shownKey }: ManagedChild): boolean {
    return this.#key !== null && shownKey !== null && shownKey !== this.#key;
  }

  /** Looks which places are wanted, and tells the server of workers that show others. */
  async look(entries: ReadonlyMap<string, LeasedEntry>): Promise<void> {
    this.#key = await this.#deps.shownKey();
    for (const workerId of this.#told) if (!entries.has(workerId)) this.#told.delete(workerId);
    const found = [...entries.values()].filter((entry) => this.#isNews(entry));
    if (found.length === 0) return;
    const workerIds = found.map(({ workerId }) => workerId);
    if (this.#deps.tellServer({ type: 'outdated', role: this.#deps.role, workerIds }))
      for (const workerId of workerIds) this.#told.add(workerId);
    else for (const entry of found) this.#stop(entry);
  }

  /** Stops those that the dead server had yet to give up. */
  serverLost(entries: Iterable<LeasedEntry>): void {
    for (const entry of entries) if (this.#told.has(entry.workerId)) this.#stop(entry);
  }

  #isNews({ workerId, state, child }: LeasedEntry): boolean {
    // One that starts is looked at when it is ready.
    return state !== 'starting' && state !== 'killing' && !this.#told.has(workerId) && this.isOutdated(child);
  }

  #stop(entry: LeasedEntry): void {
    if (!isIdle(entry)) return;
    entry.retiring = OUTDATED;
    this.#endings.stop(entry);
  }
}
