/**
 * Models that were looked up, by key; null: there is none of that name. Changes are told as they happen (watch.ts), and
 * nothing is believed while that is not certain.
 */
import { LRUCache } from 'lru-cache';
import type { StoredModel } from './model-rows.ts';

const MOST_BYTES = 64 * 1024 * 1024;
const ENTRY_BYTES = 500;

interface Entry {
  readonly model: StoredModel | null;
}

export class ModelCache {
  readonly #entries = new LRUCache<string, Entry>({ maxSize: MOST_BYTES, max: 200_000 });
  #trusted = false;
  /** Grows with everything that may make an answer of the store old while it is on its way. */
  changes = 0;

  get trusted(): boolean {
    return this.#trusted;
  }

  /** Believes the entries from now on; those from before are gone. */
  trust(): void {
    this.#trusted = true;
  }

  distrust(): void {
    this.#trusted = false;
    this.changes++;
    this.#entries.clear();
  }

  forget(key: string): void {
    this.changes++;
    this.#entries.delete(key);
  }

  /** Returns undefined when it must be looked up. */
  get(key: string): StoredModel | null | undefined {
    return this.#trusted ? this.#entries.get(key)?.model : undefined;
  }

  /** Keeps what was asked when `changes` was `asOf`. */
  keep(key: string, model: StoredModel | null, asOf: number): void {
    if (!this.#trusted || asOf !== this.changes) return;
    const size = ENTRY_BYTES + key.length + (model === null ? 0 : bytesOf(model));
    this.#entries.set(key, { model }, { size });
  }
}

function bytesOf({ text, columns, definition }: StoredModel): number {
  return (
    2 * text.length + 200 * (columns.length + definition.columns.length) + 2 * definition.description.length
  );
}
