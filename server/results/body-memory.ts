/** Bodies of entries that were read lately, in memory within a bound of bytes: the least recently used go first. */
import { LRUCache } from 'lru-cache';
import type { EntryDescription } from './entry.ts';
import type { ReadyBody } from './stored-body.ts';

/** One body may take this part of the memory, so that a large one does not push out all others. */
const SHARE_OF_ONE = 8;

interface Kept {
  readonly description: EntryDescription;
  /** The bytes as they are on disk, and decompressed; the same when the entry is not compressed. */
  readonly stored: Buffer;
  readonly whole: Buffer;
}

type InMemory = Extract<ReadyBody, { kind: 'memory' }>;

export class BodyMemory {
  readonly #bodies: LRUCache<string, InMemory> | null;
  readonly #mostOfOne: number;

  constructor(maxBytes: number) {
    this.#mostOfOne = Math.floor(maxBytes / SHARE_OF_ONE);
    this.#bodies = maxBytes > 0 ? new LRUCache({ maxSize: maxBytes }) : null;
  }

  get bytes(): number {
    return this.#bodies?.calculatedSize ?? 0;
  }

  get(id: string): InMemory | null {
    return this.#bodies?.get(id) ?? null;
  }

  accepts({ bodyBytes, storedBytes }: EntryDescription): boolean {
    return bodyBytes + storedBytes <= this.#mostOfOne;
  }

  set(id: string, { description, stored, whole }: Kept): InMemory {
    const size = Math.max(1, stored.length + (whole === stored ? 0 : whole.length));
    const ready: InMemory = { kind: 'memory', description, stored, body: whole };
    this.#bodies?.set(id, ready, { size });
    return ready;
  }

  delete(id: string): void {
    this.#bodies?.delete(id);
  }
}
