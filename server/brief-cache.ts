/**
 * Answers that may be a little old: kept for a time, asked for once however many want them meanwhile. What failed is
 * forgotten at once. The oldest are dropped first when there are too many.
 */
export interface BriefCacheOptions {
  readonly entries: number;
  readonly maxAgeMs: number;
  readonly now: () => number;
}

interface Entry<Value> {
  readonly value: Promise<Value>;
  readonly at: number;
}

export class BriefCache<Value> {
  readonly #options: BriefCacheOptions;
  readonly #entries = new Map<string, Entry<Value>>();

  constructor(options: BriefCacheOptions) {
    this.#options = options;
  }

  get(key: string, find: () => Promise<Value>): Promise<Value> {
    const { entries, maxAgeMs, now } = this.#options;
    const known = this.#entries.get(key);
    if (known !== undefined && now() - known.at < maxAgeMs) return known.value;
    const entry = { value: find(), at: now() };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > entries) this.#entries.delete(this.#entries.keys().next().value!);
    // Whoever waits for it has the error; here it is only about forgetting it.
    entry.value.catch(() => this.#entries.get(key) === entry && this.#entries.delete(key));
    return entry.value;
  }
}
