/**
 * Keeps answers fresh: runs the queries of rules with `warmEvery`, and models with `cache.refresh`, again and again or at the times
 * that they say, in the background, not all at the same moment.
 */
import { type At, readSchedule } from '../../catalogue/models/schedule.ts';
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

/** The models that have times are run within so long after them. */
const SPREAD_MS = 5000;
const MINUTE_MS = 60_000;
/** The most minutes that are caught up when this process was held up; after a longer time they count as missed. */
const MOST_MISSED = 5;

/** A query that is run in the background. */
interface Warm {
  readonly text: string;
  readonly connection: string | null;
}

/** The clock of the schedules with times. Tests have their own. */
export interface WarmClock {
  now(): number;
  /** Returns the milliseconds until it is looked again what is due. */
  untilNext(now: number): number;
  readonly spreadMs: number;
}

const WALL_CLOCK: WarmClock = {
  now: Date.now,
  untilNext: (now) => MINUTE_MS - (now % MINUTE_MS),
  spreadMs: SPREAD_MS,
};

export class Warmer {
  readonly #context: CacheContext;
  readonly #refresher: Pick<Refresher, 'refresh'>;
  readonly #clock: WarmClock;
  readonly #timers = new Set<NodeJS.Timeout>();
  #isStopped = false;
  /** The models that are kept warm, by name, with the texts of their schedules. */
  #models: ReadonlyMap<string, string> = new Map();
  /** The models that have times, by name. */
  readonly #timed = new Map<string, At>();
  /** The last minute whose times have been looked at. */
  #lastMinute = 0;

  constructor(context: CacheContext, refresher: Pick<Refresher, 'refresh'>, clock = WALL_CLOCK) {
    this.#context = context;
    this.#refresher = refresher;
    this.#clock = clock;
  }

  start(): void {
    const { config, handler } = this.#context;
    for (const { warm, connection } of config.rules)
      if (warm !== null) {
        const { query: text, everyMs } = warm;
        this.#repeat({ text, connection }, everyMs, FIRST_AFTER_MS, () => true);
      }
    if (handler.run.catalogue === null) return;
    this.#after(FIRST_AFTER_MS, () => void this.#readModels());
    this.#lastMinute = this.#minute();
    this.#lookAtTimes();
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Takes up models that are new, or have another schedule; the others go on, or end by themselves. */
  async #readModels(): Promise<void> {
    const { catalogue } = this.#context.handler.run;
    try {
      const found = await catalogue!.refreshed(); // only called with one
      const before = this.#models;
      this.#models = new Map(found.map(({ name, refresh }) => [name, refresh]));
      for (const name of before.keys()) if (!this.#models.has(name)) this.#timed.delete(name);
      for (const [name, refresh] of this.#models) if (before.get(name) !== refresh) this.#take(name, refresh);
    } catch {
      // The store is away: what is known goes on.
    }
    this.#after(MODELS_EACH_MS, () => void this.#readModels());
  }

  #take(name: string, refresh: string): void {
    this.#timed.delete(name);
    const schedule = readSchedule(refresh);
    if (schedule === null) return; // a definition without one was not saved
    if (schedule.kind === 'at') {
      this.#timed.set(name, schedule);
      return;
    }
    const everyMs = Math.max(schedule.everyMs, LEAST_MODEL_MS);
    this.#repeat(rowsOf(name), everyMs, FIRST_AFTER_MS, () => this.#models.get(name) === refresh);
  }

  #minute(): number {
    return Math.floor(this.#clock.now() / MINUTE_MS);
  }

  /** Runs the models whose times have come, and looks again when the next minute begins. */
  #lookAtTimes(): void {
    this.#after(this.#clock.untilNext(this.#clock.now()), () => {
      const minute = this.#minute();
      const first = Math.max(this.#lastMinute, minute - MOST_MISSED) + 1;
      this.#lastMinute = minute;
      for (const [name, schedule] of this.#timed) if (isDue(schedule, first, minute)) this.#runSoon(name);
      this.#lookAtTimes();
    });
  }

  #runSoon(name: string): void {
    this.#after(this.#clock.spreadMs * Math.random(), () => {
      if (this.#timed.has(name)) this.#run(rowsOf(name));
    });
  }

  #repeat(warm: Warm, everyMs: number, afterMs: number, isWanted: () => boolean): void {
    this.#after(afterMs * (1 - JITTER + 2 * JITTER * Math.random()), () => {
      if (!isWanted()) return;
      this.#run(warm);
      this.#repeat(warm, everyMs, everyMs, isWanted);
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

/** The text by which GET /v1/models/{name}/rows asks. */
function rowsOf(name: string): Warm {
  return { text: `"${name}"`, connection: null };
}

/** Tells whether one of the minutes from `first` to `last` is a time of the schedule. */
function isDue(schedule: At, first: number, last: number): boolean {
  for (let minute = first; minute <= last; minute++) if (schedule.isAt(minute * MINUTE_MS)) return true;
  return false;
}

/** Returns the request that a client sends for the query as JSON, without any option. */
function requestFor(text: string, connection: string | null): QueryRequest {
  return {
    ...{ text, connection, parameters: {}, capRows: null, timeoutMs: null, pushdown: 'auto' },
    ...{ language: null, model: null, wasEncrypted: false },
    answer: { format: 'json', rows: 'objects', numbers: 'number', end: 'line' },
  };
}
