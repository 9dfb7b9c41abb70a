/**
 * `queriesPerMinute` of the policy, counted by principal: a bucket that holds a minute's queries and fills evenly. Principals
 * whose bucket is full again are forgotten.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import type { Principal } from '../../core/protocol/principal.ts';

const MINUTE_MS = 60_000;
/** With so many principals, those are looked for that can be forgotten. */
const SWEEP_AT = 10_000;

interface Bucket {
  left: number;
  at: number;
}

export class QueryRates {
  readonly #buckets = new Map<string, Bucket>();
  readonly #now: () => number;
  #sweepAt = SWEEP_AT;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Counts a query. Throws too-many-queries. */
  take({ id, rights }: Principal): void {
    const { queriesPerMinute } = rights.limits;
    if (queriesPerMinute === undefined) return;
    const now = this.#now();
    const bucket = this.#buckets.get(id);
    const perMs = queriesPerMinute / MINUTE_MS;
    const left =
      bucket === undefined
        ? queriesPerMinute
        : Math.min(queriesPerMinute, bucket.left + (now - bucket.at) * perMs);
    if (left < 1) throw tooOften(queriesPerMinute, (1 - left) / perMs);
    if (bucket === undefined) this.#add(id, { left: left - 1, at: now });
    else {
      bucket.left = left - 1;
      bucket.at = now;
    }
  }

  #add(id: string, bucket: Bucket): void {
    if (this.#buckets.size >= this.#sweepAt) {
      for (const [known, { at }] of this.#buckets)
        if (bucket.at - at >= MINUTE_MS) this.#buckets.delete(known);
      this.#sweepAt = Math.max(SWEEP_AT, 2 * this.#buckets.size);
    }
    this.#buckets.set(id, bucket);
  }
}

function tooOften(queriesPerMinute: number, waitMs: number): QueryError {
  return new QueryError('too-many-queries', `you may ask ${queriesPerMinute} queries a minute`, {
    hint: 'Wait as long as Retry-After says; the policy sets this limit for your roles.',
    limit: { name: 'queriesPerMinute', value: queriesPerMinute },
    retryAfterSeconds: Math.ceil(waitMs / 1000),
  });
}
