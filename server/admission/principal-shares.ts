/**
 * Limits how much of a scarce resource (database connections, DSL workers) one principal may hold, so that the next principal
 * is served at once: resources of a running query cannot be taken away. The rules are:
 *
 * - a principal that is alone leaves a quarter free, and at least one;
 * - while others hold some or wait, each may hold its share at most (`limits.clientSharePercent`, half by default), and the
 *   last free one is left to a principal that holds none;
 * - a principal that holds none may have as many as one query needs.
 *
 * When there are only one or two in all, every principal may have them all.
 */

export interface PrincipalSharesOptions {
  /** Returns how many resources there are in all, taken ones included. */
  capacity(): number;
  /** The share of one principal in percent; with 100 it may have all. */
  readonly percent: number;
}

const KEPT_SHARE = 0.25;
const LEAST_CAPACITY = 3;
/** The most idle principals that are remembered. They are not forgotten at once, since most come again. */
const MAX_IDLE_PRINCIPALS = 1000;

export class PrincipalShares {
  readonly #options: PrincipalSharesOptions;
  readonly #held = new Map<string, number>();
  #heldByAll = 0;

  constructor(options: PrincipalSharesOptions) {
    this.#options = options;
  }

  /** Tells whether the principal may take `count` more; `othersWait` says whether another principal waits for some. */
  allow(principalId: string, count: number, othersWait: boolean): boolean {
    const { capacity, percent } = this.#options;
    const held = this.#held.get(principalId) ?? 0;
    if (held === 0 || percent === 100) return true;
    const total = capacity();
    if (total < LEAST_CAPACITY) return true;
    const share = Math.max(1, Math.floor((total * percent) / 100));
    if (othersWait || this.#heldByAll > held) return held + count <= share && this.#heldByAll + count < total;
    const kept = Math.max(1, Math.floor(total * KEPT_SHARE));
    return held + count <= Math.max(share, total - kept);
  }

  taken(principalId: string, count: number): void {
    this.#heldByAll += count;
    this.#held.set(principalId, (this.#held.get(principalId) ?? 0) + count);
    if (this.#held.size > MAX_IDLE_PRINCIPALS) this.#forgetIdle();
  }

  /** Notes that the principal gave one back. */
  returned(principalId: string): void {
    this.#heldByAll--;
    this.#held.set(principalId, this.#held.get(principalId)! - 1); // the entry exists since the resource was taken
  }

  #forgetIdle(): void {
    for (const [principalId, held] of this.#held) if (held === 0) this.#held.delete(principalId);
  }
}
