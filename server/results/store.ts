/**
 * The store of results: entries as files of one directory, within hard bounds of bytes and entries, those out first that were
 * not used for the longest time. The monitor owns the directory (monitor/results-dir.ts); the servers of two generations may
 * use it at once, since entries only come by renaming and go by unlinking, and an open file stays readable.
 *
 * Reading the directory does not delay the start: until it is known, an entry is looked for by the name of its file.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../core/logging/log.ts';
import { BodyMemory } from './body-memory.ts';
import { isCompressible } from './compress.ts';
import { CompressQueue } from './compress-queue.ts';
import { DamagedEntry, type EntryDescription, footerOf, type ResultFacts } from './entry.ts';
import { partOf } from './part-name.ts';
import { readDirectory, untilTime } from './read-directory.ts';
import { readyBody } from './ready-body.ts';
import { Spool } from './spool.ts';
import { type IndexedEntry, StoreIndex } from './store-index.ts';
import { openEntry, type ReadyBody } from './stored-body.ts';

export interface StoreOptions {
  readonly dir: string;
  readonly maxBytes: number;
  readonly maxEntries: number;
  /** The most bytes of one entry. */
  readonly maxEntryBytes: number;
  /** Memory for bodies that were read lately. */
  readonly memoryBytes: number;
  readonly log: Log;
}

export interface StoreCounts {
  readonly evictions: number;
  readonly damaged: number;
  readonly diskFailures: number;
  readonly refusals: number;
}

/** The interval of looking for entries that the other generation wrote, or that somebody removed. */
const RECONCILE_MS = 60_000;

export class ResultStore {
  readonly #options: StoreOptions;
  readonly #index: StoreIndex;
  readonly #memory: BodyMemory;
  readonly #counts = { evictions: 0, damaged: 0, diskFailures: 0, refusals: 0 };
  /** Bytes of files that are being written. */
  #partBytes = 0;
  #loading: Promise<void> | null = null;
  #isLoaded = false;
  #isFrozen = false;
  #reconciling: NodeJS.Timeout | null = null;
  readonly #compressing: CompressQueue;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#index = new StoreIndex();
    this.#memory = new BodyMemory(options.memoryBytes);
    this.#compressing = new CompressQueue({
      pathOf: (id) => this.#pathOf(id),
      isWanted: (id) => !this.#isFrozen && this.#index.get(id) !== null,
      onCompressed: (id, description) => {
        this.#index.replace(id, description);
        this.#memory.delete(id); // the memory has the body as it was stored before
      },
      onFailed: (error) => this.#diskFailed(error),
    });
  }

  get counts(): StoreCounts {
    return this.#counts;
  }

  get bytes(): number {
    return this.#index.bytes + this.#partBytes;
  }

  get size(): number {
    return this.#index.size;
  }

  get memoryBytes(): number {
    return this.#memory.bytes;
  }

  /** Begins to read the directory, once the time has come or has not come for long. */
  start(isTime: () => boolean): void {
    this.#loading = untilTime(() => isTime() || this.#isFrozen)
      .then(() => this.#load())
      .catch((error) => this.#options.log.error('results-unreadable', { message: String(error) }))
      .then(() => {
        this.#isLoaded = true;
        this.#evict();
        if (this.#isFrozen) return;
        this.#reconciling = setInterval(() => void this.#load().catch(() => {}), RECONCILE_MS);
        this.#reconciling.unref();
      });
  }

  /** Resolves once the directory is known. */
  async loaded(): Promise<void> {
    await this.#loading;
  }

  /** Writes and drops nothing from now on: another server has taken over the directory. */
  freeze(): void {
    this.#isFrozen = true;
    if (this.#reconciling !== null) clearInterval(this.#reconciling);
  }

  async close(): Promise<void> {
    this.freeze();
    await this.#loading;
    await this.#compressing.ended();
  }

  /** Returns an entry; a promise only before the directory is known. */
  find(id: string): IndexedEntry | null | Promise<IndexedEntry | null> {
    const known = this.#index.get(id);
    if (known !== null || this.#isLoaded) return known;
    return this.#adopt(id);
  }

  /** Tells whether it is known, without looking at the disk, that there is no such entry. */
  isWithout(id: string): boolean {
    return this.#isLoaded && this.#index.get(id) === null;
  }

  entries(): Iterable<IndexedEntry> {
    return this.#index.values();
  }

  /** Marks the entry as used now. */
  touch(id: string): void {
    this.#index.touch(id);
  }

  /** Returns the body of an entry, checked; null when the entry is gone or damaged, which is then told and removed. */
  async read(id: string): Promise<ReadyBody | null> {
    const kept = this.#memory.get(id);
    if (kept !== null) return kept;
    const known = this.#index.get(id);
    try {
      const entry = await openEntry(this.#pathOf(id));
      if (entry === null) {
        this.#forget(id);
        return null;
      }
      return await readyBody(this.#memory, id, entry, known);
    } catch (error) {
      await this.#damaged(id, error);
      return null;
    }
  }

  /** Returns the body of an entry when it is in memory; null otherwise. */
  peek(id: string): ReadyBody | null {
    return this.#memory.get(id);
  }

  /** Returns a spool for a new entry; null when nothing may be written now. */
  create(id: string): Spool | null {
    if (this.#isFrozen) return null;
    return new Spool({ part: partOf(this.#pathOf(id)), final: this.#pathOf(id) }, (bytes) => {
      this.#partBytes += bytes;
      if (bytes > 0) this.#evict();
    });
  }

  /** The most bytes of all entries, with what is being written. */
  get maxBytes(): number {
    return this.#options.maxBytes;
  }

  /** The most bytes of one entry. */
  get maxEntryBytes(): number {
    return Math.min(this.#options.maxEntryBytes, this.#options.maxBytes);
  }

  /** Whether an entry of `bytes` may be kept. */
  hasRoomFor(bytes: number): boolean {
    if (bytes <= this.maxEntryBytes && this.#options.maxEntries > 0) return true;
    this.#counts.refusals++;
    return false;
  }

  /** Commits the spool as the entry `id`. Resolves to whether it was kept. */
  async commit(id: string, spool: Spool, facts: ResultFacts): Promise<boolean> {
    const description = await spool.commit(facts);
    if (description === null) {
      if (spool.failure !== null) this.#diskFailed(spool.failure);
      return false;
    }
    this.#partBytes -= description.storedBytes;
    this.#add(id, description);
    return true;
  }

  /** Keeps a small result whose body is in memory. Resolves to whether it was kept. */
  async keep(id: string, body: Buffer, facts: ResultFacts): Promise<boolean> {
    const spool = this.create(id);
    if (spool === null) return false;
    if (body.length > 0) spool.append(body, () => {});
    return await this.commit(id, spool, facts);
  }

  /** Keeps an entry that was made elsewhere. Resolves to whether it was kept. */
  async place(id: string, stored: Buffer, description: EntryDescription): Promise<boolean> {
    if (this.#isFrozen || !this.hasRoomFor(description.bodyBytes)) return false;
    const part = partOf(this.#pathOf(id));
    try {
      await writeFile(part, Buffer.concat([stored, footerOf(description)]), { mode: 0o600, flag: 'wx' });
      await rename(part, this.#pathOf(id));
    } catch (error) {
      this.#diskFailed(error);
      await rm(part, { force: true }).catch(() => {}); // the next start removes it
      return false;
    }
    this.#add(id, description);
    return true;
  }

  /** Returns the file of an entry as it is stored; null when it cannot be read. */
  async fileOf(id: string): Promise<Buffer | null> {
    return await readFile(this.#pathOf(id)).catch(() => null);
  }

  async remove(id: string): Promise<void> {
    this.#forget(id);
    await rm(this.#pathOf(id), { force: true });
  }

  /** Counts and tells a failure of the disk. */
  #diskFailed(error: unknown): void {
    this.#counts.diskFailures++;
    this.#options.log.warn('result-not-kept', { message: String(error) });
  }

  #pathOf(id: string): string {
    return join(this.#options.dir, id);
  }

  #add(id: string, description: EntryDescription): void {
    this.#memory.delete(id);
    this.#index.set(id, description);
    this.#evict();
    if (isCompressible(description) && this.#index.get(id) !== null) this.#compressing.add(id);
  }

  #forget(id: string): void {
    this.#memory.delete(id);
    this.#index.delete(id);
  }

  /** Drops the entries that were not used for the longest time until the bounds hold. */
  #evict(): void {
    if (!this.#isLoaded || this.#isFrozen) return;
    const { maxBytes, maxEntries } = this.#options;
    while (this.bytes > maxBytes || this.#index.size > maxEntries) {
      const oldest = this.#index.oldestDroppable();
      if (oldest === null) return;
      this.#counts.evictions++;
      this.#forget(oldest);
      void rm(this.#pathOf(oldest), { force: true }).catch(() => {}); // the next reading of the directory finds it again
    }
  }

  async #load(): Promise<void> {
    await readDirectory(
      this.#options.dir,
      this.#index,
      (id) => this.#describe(id),
      (id) => this.#forget(id),
    );
    this.#evict();
  }

  async #adopt(id: string): Promise<IndexedEntry | null> {
    const description = await this.#describe(id);
    if (description === null) return this.#index.get(id);
    if (this.#index.get(id) === null) this.#index.set(id, description);
    return this.#index.get(id);
  }

  async #describe(id: string): Promise<EntryDescription | null> {
    try {
      const entry = await openEntry(this.#pathOf(id));
      if (entry === null) return null;
      await entry.file.close();
      return entry.description;
    } catch (error) {
      await this.#damaged(id, error);
      return null;
    }
  }

  async #damaged(id: string, error: unknown): Promise<void> {
    this.#forget(id);
    if (error instanceof DamagedEntry || error instanceof SyntaxError) {
      this.#counts.damaged++;
      this.#options.log.warn('result-damaged', { entry: id, message: error.message });
      if (!this.#isFrozen) await rm(this.#pathOf(id), { force: true }).catch(() => {});
    } else this.#diskFailed(error);
  }

  /** Resolves once nothing waits to be compressed. */
  settled(): Promise<void> {
    return this.#compressing.settled();
  }
}
