/**
 * Queries with the same key at the same time: one leads and runs, the others wait for what it finds out.
 *
 *   waiting --the answer may be shared--> each follows the leader's spool, or gets its small result
 *      |  the leader fails for a reason of its own, before its first byte --> one of them leads
 *      |  the answer may not be shared, or the query itself is wrong --> each runs alone
 */
import type { PlanModels } from '../../core/protocol/models.ts';
import type { Spool } from '../results/spool.ts';
import type { SharedEnd, SharedResult } from './shared-result.ts';

/** The next step of one who waited. */
export type Turn =
  | { readonly kind: 'lead' }
  | { readonly kind: 'alone' }
  /** Looks again: the answer is kept now, or nobody makes it any more. */
  | { readonly kind: 'look' }
  | { readonly kind: 'result'; readonly result: SharedResult }
  /** `ended` resolves once the leader ended; to null when it failed. */
  | { readonly kind: 'follow'; readonly spool: Spool; readonly ended: Promise<SharedEnd | null> };

export interface Place {
  readonly turn: Promise<Turn>;
  /** Gives the place up. */
  leave(): void;
}

export class Flight {
  /** The key of its answer. */
  readonly id: string;
  /** The flight behind it in its list of the table (flight-table.ts). */
  next: Flight | null = null;
  /** When the leader began, by the clock of changes. */
  readonly asOf: number;
  /** The models that the leader's plan was made with; null while it has none. */
  models: PlanModels['used'] | null = null;
  #waiting: ((turn: Turn) => void)[] = [];
  #settled: Turn | null = null;
  #isLanding = false;
  #isFollowed = false;
  #onFollower: (() => void) | null = null;

  constructor(id: string, asOf: number) {
    this.id = id;
    this.asOf = asOf;
  }

  get hasFollowers(): boolean {
    return this.#waiting.length > 0;
  }

  /** Whether somebody was told to follow the leader's spool. */
  get isFollowed(): boolean {
    return this.#isFollowed;
  }

  /** Sets the function that is called when somebody begins to wait. */
  onFollower(callback: () => void): void {
    this.#onFollower = callback;
  }

  join(): Place {
    if (this.#settled !== null) {
      this.#give(this.#settled, 1);
      return { turn: Promise.resolve(this.#settled), leave: () => {} };
    }
    let take: (turn: Turn) => void = () => {};
    const turn = new Promise<Turn>((resolve) => {
      take = resolve;
    });
    this.#waiting.push(take);
    this.#onFollower?.();
    return {
      turn,
      leave: () => {
        this.#waiting = this.#waiting.filter((each) => each !== take);
      },
    };
  }

  /** Whether the leader has ended, and what it made is being kept: whoever comes now looks again after that. */
  get isLanding(): boolean {
    return this.#isLanding;
  }

  /** Notes that the leader has ended. Returns a function that tells all who wait now; those who come later wait for what `settle` says. */
  close(): (turn: Turn) => void {
    const waiting = this.#waiting.splice(0);
    this.#isLanding = true;
    this.#settled = null;
    return (turn) => {
      this.#give(turn, waiting.length);
      for (const take of waiting) take(turn);
    };
  }

  /** Tells everybody, those who come later too. */
  settle(turn: Turn): void {
    this.#settled = turn;
    this.#give(turn, this.#waiting.length);
    for (const take of this.#waiting.splice(0)) take(turn);
  }

  /** Makes the one who waits for the longest time lead. Returns false when nobody waits. */
  handOver(): boolean {
    const next = this.#waiting.shift();
    if (next === undefined) return false;
    this.#onFollower = null;
    next({ kind: 'lead' });
    return true;
  }

  #give({ kind }: Turn, takers: number): void {
    if (kind === 'follow' && takers > 0) this.#isFollowed = true;
  }
}
