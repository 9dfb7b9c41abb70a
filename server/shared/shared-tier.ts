/**
 * Kept answers that several Forklines share through Redis. An answer that is not kept here is looked for there before its query
 * runs; one that was kept here is put there. Redis that is away, slow or full, and a value that is not one of ours, are a miss.
 */
import type { Log } from '../../core/logging/log.ts';
import type { SharedCacheConfig } from '../../core/protocol/results-config.ts';
import type { SharedAnswers } from '../cache/cache-context.ts';
import type { Changed } from '../cache/change-times.ts';
import type { Changes } from '../cache/changes.ts';
import type { ResultFacts } from '../results/entry.ts';
import type { ResultStore } from '../results/store.ts';
import { ChangeStream } from './change-stream.ts';
import { RedisLink, TooSlow } from './redis-link.ts';
import { openSealed, SEAL_BYTES, sealEntry } from './sealed-entry.ts';

export interface SharedTierDeps {
  readonly config: SharedCacheConfig;
  readonly store: ResultStore;
  readonly changes: Changes;
  /** Connections whose changes each Forkline hears by itself: what is changed while one is not there, the stream does not tell. */
  readonly unshared: readonly string[];
  readonly log: Log;
}

export type SharedOutcome = 'hit' | 'miss' | 'stale' | 'foreign' | 'slow' | 'away';

/** Answers that wait to be put into Redis; more are left out. */
const MOST_WAITING = 16;
const PUT_MS = 5000;

export class SharedTier implements SharedAnswers {
  readonly #deps: SharedTierDeps;
  readonly #link: RedisLink;
  readonly #waiting: RedisLink;
  readonly #stream: ChangeStream;
  readonly #fetching = new Map<string, Promise<boolean>>();
  #puts: Promise<void> = Promise.resolve();
  #putsWaiting = 0;
  readonly looked: Record<SharedOutcome, number> = {
    hit: 0,
    miss: 0,
    stale: 0,
    foreign: 0,
    slow: 0,
    away: 0,
  };
  readonly put = { done: 0, failed: 0 };

  constructor(deps: SharedTierDeps) {
    this.#deps = deps;
    const { config, log, changes } = deps;
    this.#link = new RedisLink({ ...config, log, what: 'answers' });
    this.#waiting = new RedisLink({ ...config, log, what: 'changes' });
    const onChange = (changed: Changed): void => changes.note(changed);
    this.#stream = new ChangeStream({ link: this.#link, waiting: this.#waiting, log, onChange });
  }

  /** Whether answers are shared now. */
  get isUsable(): boolean {
    return this.#stream.last !== null && this.#link.isUsable;
  }

  start(): void {
    this.#stream.start();
  }

  close(): void {
    this.#stream.close();
    this.#link.close();
    this.#waiting.close();
  }

  tell(changed: Changed): Promise<boolean> {
    return this.#stream.tell(changed);
  }

  asOf(): number | null {
    return this.#stream.last;
  }

  fetch(id: string): Promise<boolean> {
    let fetching = this.#fetching.get(id);
    if (fetching === undefined) {
      fetching = this.#fetch(id)
        .then((outcome) => {
          this.looked[outcome]++;
          return outcome === 'hit';
        })
        .finally(() => this.#fetching.delete(id));
      this.#fetching.set(id, fetching);
    }
    return fetching;
  }

  offer(id: string, facts: ResultFacts, asOf: number | null): void {
    const { unshared } = this.#deps;
    // The files of another machine may be others.
    if (
      asOf === null ||
      facts.files !== undefined ||
      facts.connections.some(({ name }) => unshared.includes(name))
    )
      return;
    if (this.#putsWaiting >= MOST_WAITING) {
      this.put.failed++;
      return;
    }
    this.#putsWaiting++;
    this.#puts = this.#puts.then(async () => {
      this.#putsWaiting--;
      try {
        if (await this.#put(id, facts, asOf)) this.put.done++;
      } catch {
        this.put.failed++; // full, slow or away: the next one may fare better
      }
    });
  }

  async #fetch(id: string): Promise<SharedOutcome> {
    if (!this.isUsable) return 'away';
    const { config, store, changes } = this.#deps;
    let value: Buffer;
    let isLatest: boolean;
    try {
      // A foreign value may be of any size.
      const most = String(config.maxValueBytes + SEAL_BYTES);
      const asked = this.#link.send(['GETRANGE', nameOf(id), '0', most]) as Promise<Buffer>;
      [value, isLatest] = await Promise.all([asked, this.#stream.isLatest()]);
    } catch (error) {
      if (error instanceof TooSlow) return 'slow';
      return this.#link.isUsable ? 'foreign' : 'away';
    }
    if (value.length === 0) return 'miss';
    const opened = await openSealed(config.key, nameOf(id), value);
    if (opened === null || opened.description.kind !== 'cache') return 'foreign';
    const { description, stored, asOf } = opened;
    if (!isLatest || !this.#stream.isRight(description, asOf)) return 'stale';
    const known = store.find(id);
    const local = known instanceof Promise ? await known : known;
    if (local !== null && local.description.startedAt >= description.startedAt) return 'stale';
    // The answer is right now, by all that is known; what changes from now on is later by the clock of this Forkline.
    const isPlaced = await store.place(id, stored, { ...description, asOf: changes.now() });
    return isPlaced ? 'hit' : 'miss';
  }

  /** Resolves to false for an answer that is gone, or too large to be shared. */
  async #put(id: string, facts: ResultFacts, asOf: number): Promise<boolean> {
    const { config, store } = this.#deps;
    await store.settled(); // compressed it takes a tenth
    const file = await store.fileOf(id);
    if (file === null || file.length > config.maxValueBytes) return false;
    const { maxAgeMs, staleWhileRevalidateMs, staleIfErrorMs, startedAt } = facts;
    const usefulMs = maxAgeMs + Math.max(staleWhileRevalidateMs, staleIfErrorMs) - (Date.now() - startedAt);
    if (usefulMs < 1) return false;
    const value = sealEntry(config.key, nameOf(id), asOf, file);
    await this.#link.send(['SET', nameOf(id), value, 'PX', String(Math.ceil(usefulMs))], PUT_MS);
    return true;
  }
}

function nameOf(id: string): string {
  return `forkline:answer:${id}`;
}
