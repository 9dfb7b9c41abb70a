/** The entries of the store in memory, in the order of their latest use, with the sum of their bytes. */
import { type EntryDescription, footerOf } from './entry.ts';

export interface IndexedEntry {
  readonly id: string;
  readonly description: EntryDescription;
  /** The bytes of the file. */
  readonly fileBytes: number;
  /** The monotonic time at which this process first knew the entry, and the entry's age then: clocks that jump do not make it younger. */
  readonly knownAtMs: number;
  readonly ageWhenKnownMs: number;
  /** The stamp of the file when its checksum was last verified; null before. */
  checkedStamp: string | null;
  hits: number;
  /** Unix ms; 0 when nobody used the entry since this process knows it. */
  lastUsedAt: number;
}

export class StoreIndex {
  readonly #entries = new Map<string, IndexedEntry>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): IndexedEntry | null {
    return this.#entries.get(id) ?? null;
  }

  values(): Iterable<IndexedEntry> {
    return this.#entries.values();
  }

  set(id: string, description: EntryDescription): void {
    this.delete(id);
    this.#add({
      id,
      description,
      fileBytes: fileBytesOf(description),
      knownAtMs: performance.now(),
      ageWhenKnownMs: Math.max(0, Date.now() - description.startedAt),
      checkedStamp: null,
      hits: 0,
      lastUsedAt: 0,
    });
  }

  /** Replaces the description of the same result, stored in another way. */
  replace(id: string, description: EntryDescription): void {
    const known = this.#entries.get(id);
    if (known === undefined || known.description.startedAt !== description.startedAt) return;
    const fileBytes = fileBytesOf(description);
    this.#bytes += fileBytes - known.fileBytes;
    // The Map keeps the place of a key that is set again.
    this.#entries.set(id, { ...known, description, fileBytes, checkedStamp: null });
  }

  touch(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.hits++;
    this.#entries.delete(id);
    this.#entries.set(id, entry);
  }

  delete(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#bytes -= entry.fileBytes;
    this.#entries.delete(id);
  }

  /** Returns the id of the entry that was not used for the longest time and may be dropped; null when there is none. */
  oldestDroppable(): string | null {
    for (const [id, { description }] of this.#entries) if (description.kind !== 'job') return id;
    return null;
  }

  #add(entry: IndexedEntry): void {
    this.#bytes += entry.fileBytes;
    this.#entries.set(entry.id, entry);
  }
}

function fileBytesOf(description: EntryDescription): number {
  return description.storedBytes + footerOf(description).length;
}
