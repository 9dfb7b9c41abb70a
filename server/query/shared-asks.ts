/**
 * Shares questions that completions ask databases: while a question is under way, other clients with the same question wait
 * for its answer instead of asking again. A question that nobody waits for any more is cancelled.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import type { QueryRecord } from '../history/registry.ts';

interface Asked {
  waiters: number;
  /** The query that asks the question; null before it starts. */
  query: QueryRecord | null;
}

export class SharedAsks {
  readonly #asked = new Map<string, Asked>();

  /** Adds a waiter. Returns a function that the waiter must call once, when it has its answer or goes away. */
  join(key: string): () => void {
    const asked = this.#asked.get(key) ?? { waiters: 0, query: null };
    this.#asked.set(key, asked);
    asked.waiters++;
    return () => this.#leave(key, asked);
  }

  /** Tells that `query` now asks the question; cancels it at once when nobody waits any more. */
  began(key: string, query: QueryRecord): void {
    const asked = this.#asked.get(key);
    if (asked === undefined) query.cancellation.cancel(allGone());
    else asked.query = query;
  }

  #leave(key: string, asked: Asked): void {
    if (--asked.waiters > 0) return;
    this.#asked.delete(key);
    asked.query?.cancellation.cancel(allGone());
  }
}

function allGone(): QueryError {
  return new QueryError('client-gone', 'the client closed the connection');
}
