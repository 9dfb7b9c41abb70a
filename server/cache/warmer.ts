/** Keeps the answers of the rules with `warmEvery` fresh: runs their queries again and again in the background, not all at the same moment. */
import { ALL_SCOPE, anonymousAt } from '../../core/protocol/principal.ts';
import type { CacheRule, WarmRule } from '../../core/protocol/results-config.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { CacheContext } from './cache-context.ts';
import { keyOf } from './lookup.ts';
import type { Refresher } from './refresher.ts';

/** By how much each interval is longer or shorter, so that rules with the same interval do not run together. */
const JITTER = 0.1;
/** The first runs come soon after the start, one after the other. */
const FIRST_AFTER_MS = 500;

export class Warmer {
  readonly #context: CacheContext;
  readonly #refresher: Refresher;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(context: CacheContext, refresher: Refresher) {
    this.#context = context;
    this.#refresher = refresher;
  }

  start(): void {
    for (const rule of this.#context.config.rules)
      if (rule.warm !== null) this.#schedule(rule, rule.warm, FIRST_AFTER_MS);
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #schedule(rule: CacheRule, warm: WarmRule, afterMs: number): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#run(rule, warm);
        this.#schedule(rule, warm, warm.everyMs);
      },
      afterMs * (1 - JITTER + 2 * JITTER * Math.random()),
    );
    timer.unref();
    this.#timers.add(timer);
  }

  #run({ connection }: CacheRule, { query }: WarmRule): void {
    const { handler } = this.#context;
    // The scope of everybody where no policy limits anybody, which is whom these answers are for.
    const principal = { ...anonymousAt('warm-up'), scope: ALL_SCOPE };
    const asked = requestFor(query, connection);
    try {
      this.#refresher.refresh(keyOf(this.#context, asked, principal), principal, asked);
    } catch (error) {
      handler.log.warn('cache-warm-up', { message: String(error) });
    }
  }
}

/** Returns the request that a client sends for the query as JSON, without any option. */
function requestFor(text: string, connection: string | null): QueryRequest {
  return {
    ...{ text, connection, parameters: {}, capRows: null, timeoutMs: null, pushdown: 'auto' },
    ...{ language: null, model: null, wasEncrypted: false },
    answer: { format: 'json', rows: 'objects', numbers: 'number', end: 'line' },
  };
}
