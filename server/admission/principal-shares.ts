/**
 * How much of something scarce (database connections, DSL workers) one principal may hold, so that whoever comes next is
 * served at once although nothing that runs can be taken away again:
 *
 * - alone, a principal leaves a quarter free (one at least);
 * - while others hold some or wait, it has its share at most (`limits.clientSharePercent`, half by default), and whoever
 *   holds some leaves the last one to a principal that holds none;
 * - a principal that holds none may have all that one query needs.
 *
 * When there are only one or two there is nothing to leave: then every principal may have all.
 */

export interface PrincipalSharesOptions {
  /** How many there are in all, taken ones included. */
  capacity(): number;
  /** 100: one principal may have all. */
  readonly percent: number;
}

const KEPT_SHARE = 0.25;
const LEAST_CAPACITY = 3;
/** Principals that hold nothing are forgotten when there are more than this: not at once, since most come again. */
const MAX_IDLE_PRINCIPALS = 1000;

export class PrincipalShares {
  readonly #options: PrincipalSharesOptions;
  readonly #held = new Map<string, number>();
  #heldByAll = 0;

  constructor(options: PrincipalSharesOptions) {
    this.#options = options;
  }

  /** Whether the principal may hold `count` more; `othersWait` says whether another principal waits for some. */
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

  /** The principal has given one back. */
  returned(principalId: string): void {
    this.#heldByAll--;
    this.#held.set(principalId, this.#held.get(principalId)! - 1); // it was taken
  }

  #forgetIdle(): void {
    for (const [principalId, held] of this.#held) if (held === 0) this.#held.delete(principalId);
  }
}
