/**
 * Keeps answers fresh: runs the queries of rules with `warmEvery`, and models with `cache.refresh`, again and again in the background, not
 * all at the same moment.
 */
import { ALL_SCOPE, anonymousAt } from '../../core/protocol/principal.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { CacheContext } from './cache-context.ts';
import { keyOf } from './lookup.ts';
import type { Refresher } from './refresher.ts';

/** By how much each interval is longer or shorter, so that queries with the same interval do not run together. */
const JITTER = 0.1;
/** The first runs come soon after the start, one after the other. */
const FIRST_AFTER_MS = 500;
/** The interval of looking which models are to be kept warm, and the least one of making one anew. */
const MODELS_EACH_MS = 5000;
const LEAST_MODEL_MS = 1000;

/** A query that is run again and again. */
interface Warm {
  readonly text: string;
  readonly connection: string | null;
  readonly everyMs: number;
}

export class Warmer {
  readonly #context: CacheContext;
  readonly #refresher: Refresher;
  readonly #timers = new Set<NodeJS.Timeout>();
  #isStopped = false;
  /** The models that are kept warm, by name, with their interval. */
  #models: ReadonlyMap<string, number> = new Map();

  constructor(context: CacheContext, refresher: Refresher) {
    this.#context = context;
    this.#refresher = refresher;
  }

  start(): void {
    const { config, handler } = this.#context;
    for (const { warm, connection } of config.rules)
      if (warm !== null) {
        const { query: text, everyMs } = warm;
        this.#repeat({ text, connection, everyMs }, FIRST_AFTER_MS, () => true);
      }
    if (handler.run.catalogue !== null) this.#after(FIRST_AFTER_MS, () => void this.#readModels());
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Takes up models that are new, or have another interval; the others go on, or end by themselves. */
  async #readModels(): Promise<void> {
    const { catalogue } = this.#context.handler.run;
    try {
      const found = await catalogue!.refreshed(); // only called with one
      const before = this.#models;
      this.#models = new Map(found.map(({ name, everyMs }) => [name, Math.max(everyMs, LEAST_MODEL_MS)]));
      for (const [name, everyMs] of this.#models) {
        if (before.get(name) === everyMs) continue;
        // The text by which GET /v1/models/{name}/rows asks.
        const warm = { text: `"${name}"`, connection: null, everyMs };
        this.#repeat(warm, FIRST_AFTER_MS, () => this.#models.get(name) === everyMs);
      }
    } catch {
      // The store is away: what is known goes on.
    }
    this.#after(MODELS_EACH_MS, () => void this.#readModels());
  }

  #repeat(warm: Warm, afterMs: number, isWanted: () => boolean): void {
    this.#after(afterMs * (1 - JITTER + 2 * JITTER * Math.random()), () => {
      if (!isWanted()) return;
      this.#run(warm);
      this.#repeat(warm, warm.everyMs, isWanted);
    });
  }

  #after(ms: number, work: () => void): void {
    if (this.#isStopped) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms);
    timer.unref();
    this.#timers.add(timer);
  }

  #run({ text, connection }: Warm): void {
    const { handler } = this.#context;
    // The scope of everybody where no policy limits anybody, which is whom these answers are for.
    const principal = { ...anonymousAt('warm-up'), scope: ALL_SCOPE };
    const asked = requestFor(text, connection);
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
