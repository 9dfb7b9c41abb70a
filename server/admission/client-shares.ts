/**
 * How much of something scarce (database connections, DSL workers) one client may hold, so that whoever comes next is
 * served at once although nothing that runs can be taken away again:
 *
 * - alone, a client leaves a quarter free (one at least);
 * - while others hold some or wait, it has its share at most (`limits.clientSharePercent`, half by default), and whoever
 *   holds some leaves the last one to a client that holds none;
 * - a client that holds none may have all that one query needs.
 *
 * Of one or two there is nothing to leave: then every client may have all.
 */

export interface ClientSharesOptions {
  /** How many there are in all, taken ones included. */
  capacity(): number;
  /** 100: one client may have all. */
  readonly percent: number;
}

const KEPT_SHARE = 0.25;
const LEAST_CAPACITY = 3;
/** Clients that hold nothing are forgotten when there are more than this: not at once, since most come again. */
const MAX_IDLE_CLIENTS = 1000;

export class ClientShares {
  readonly #options: ClientSharesOptions;
  readonly #held = new Map<string, number>();
  #heldByAll = 0;

  constructor(options: ClientSharesOptions) {
    this.#options = options;
  }

  /** Whether the client may hold `count` more; `othersWait` says whether another client waits for some. */
  allow(client: string, count: number, othersWait: boolean): boolean {
    const { capacity, percent } = this.#options;
    const held = this.#held.get(client) ?? 0;
    if (held === 0 || percent === 100) return true;
    const total = capacity();
    if (total < LEAST_CAPACITY) return true;
    const share = Math.max(1, Math.floor((total * percent) / 100));
    if (othersWait || this.#heldByAll > held) return held + count <= share && this.#heldByAll + count < total;
    const kept = Math.max(1, Math.floor(total * KEPT_SHARE));
    return held + count <= Math.max(share, total - kept);
  }

  taken(client: string, count: number): void {
    this.#heldByAll += count;
    this.#held.set(client, (this.#held.get(client) ?? 0) + count);
    if (this.#held.size > MAX_IDLE_CLIENTS) this.#forgetIdle();
  }

  /** The client has given one back. */
  returned(client: string): void {
    this.#heldByAll--;
    this.#held.set(client, this.#held.get(client)! - 1); // it was taken
  }

  #forgetIdle(): void {
    for (const [client, held] of this.#held) if (held === 0) this.#held.delete(client);
  }
}
