/**
 * A cache of answers that may be a little old: kept for a time and within a budget of bytes. Several that want the same
 * answer at once share one question. Failures are not kept. The least recently used answers are dropped first.
 */
import { LRUCache } from 'lru-cache';
import { heapBytesOf, textBytes } from '../../core/process/heap-bytes.ts';

export interface BriefCacheOptions {
  readonly entries: number;
  /** The most memory for answers and their keys, as core/process/heap-bytes.ts estimates it. A larger answer is not kept. */
  readonly bytes: number;
  readonly maxAgeMs: number;
  readonly now: () => number;
}

interface Entry<Value> {
  readonly value: Value;
  readonly at: number;
}

export class BriefCache<Value> {
  readonly #options: BriefCacheOptions;
  readonly #entries: LRUCache<string, Entry<Value>>;
  /** Answers that are being asked for, by key. */
  readonly #pending = new Map<string, Promise<Value>>();

  constructor(options: BriefCacheOptions) {
    this.#options = options;
    this.#entries = new LRUCache({ max: options.entries, maxSize: options.bytes });
  }

  /** The estimated memory of all kept answers. */
  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  get(key: string, find: () => Promise<Value>): Promise<Value> {
    const { maxAgeMs, now } = this.#options;
    const known = this.#entries.get(key);
    if (known !== undefined && now() - known.at < maxAgeMs) return Promise.resolve(known.value);
    const pending = this.#pending.get(key) ?? this.#find(key, find);
    this.#pending.set(key, pending);
    return pending;
  }

  async #find(key: string, find: () => Promise<Value>): Promise<Value> {
    const at = this.#options.now();
    try {
      const value = await find();
      this.#entries.set(key, { value, at }, { size: textBytes(key) + heapBytesOf(value) });
      return value;
    } finally {
      this.#pending.delete(key);
    }
  }
}
