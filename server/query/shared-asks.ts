/**
 * Questions of completions to databases that are asked now, each once for all clients that wait for its answer: the first
 * asks, the others join. One that nobody waits for any more is cancelled.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import type { QueryRecord } from '../history/registry.ts';

interface Asked {
  waiters: number;
  /** Set when its query starts. */
  query: QueryRecord | null;
}

export class SharedAsks {
  readonly #asked = new Map<string, Asked>();

  /** Whoever waits calls what is returned once: when it goes away, or has its answer. */
  join(key: string): () => void {
    const asked = this.#asked.get(key) ?? { waiters: 0, query: null };
    this.#asked.set(key, asked);
    asked.waiters++;
    return () => this.#leave(key, asked);
  }

  /** The query by which the question is asked. */
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
