/**
 * The store of results: entries as files of one directory, within hard bounds of bytes and entries, those out first that were
 * not used for the longest time. The monitor owns the directory (monitor/results-dir.ts); the servers of two generations may
 * use it at once, since entries only come by renaming and go by unlinking, and an open file stays readable.
 *
 * Reading the directory does not delay the start: until it is known, an entry is looked for by the name of its file.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../core/logging/log.ts';
import { BodyMemory } from './body-memory.ts';
import { compressEntry, isCompressible } from './compress.ts';
import { DamagedEntry, type EntryDescription, type ResultFacts } from './entry.ts';
import { Spool } from './spool.ts';
import { type IndexedEntry, StoreIndex } from './store-index.ts';
import { bodyOf, checkStored, type OpenEntry, openEntry, type ReadyBody, readStored } from './stored-body.ts';

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

const ENTRY_NAME = /^[0-9a-f]{48}$/;
const OPEN_AT_ONCE = 16;
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
  #compressing: Promise<void> = Promise.resolve();
  #toCompress = 0;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#index = new StoreIndex();
    this.#memory = new BodyMemory(options.memoryBytes);
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

  /** Begins to read the directory. */
  start(): void {
    this.#loading = this.#load()
      .catch((error) => this.#options.log.error('results-unreadable', { message: String(error) }))
      .then(() => {
        this.#isLoaded = true;
        this.#evict();
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
    await this.#compressing;
  }

  /** Returns an entry; a promise only before the directory is known. */
  find(id: string): IndexedEntry | null | Promise<IndexedEntry | null> {
    const known = this.#index.get(id);
    if (known !== null || this.#isLoaded) return known;
    return this.#adopt(id);
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
      return await this.#ready(id, entry, known);
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
    const part = `${this.#pathOf(id)}.${randomBytes(6).toString('hex')}.part`;
    return new Spool({ part, final: this.#pathOf(id) }, (bytes) => {
      this.#partBytes += bytes;
      if (bytes > 0) this.#evict();
    });
  }

  /** Whether an entry of `bytes` may be kept. */
  hasRoomFor(bytes: number): boolean {
    const { maxEntryBytes, maxBytes, maxEntries } = this.#options;
    if (bytes <= Math.min(maxEntryBytes, maxBytes) && maxEntries > 0) return true;
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
    if (isCompressible(description) && this.#index.get(id) !== null) this.#compress(id);
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
    await mkdir(this.#options.dir, { recursive: true, mode: 0o700 });
    const names = await readdir(this.#options.dir);
    const ids = names.filter((name) => ENTRY_NAME.test(name));
    const unknown = ids.filter((id) => this.#index.get(id) === null);
    const found: [string, EntryDescription][] = [];
    for (let at = 0; at < unknown.length; at += OPEN_AT_ONCE)
      await Promise.all(
        unknown.slice(at, at + OPEN_AT_ONCE).map(async (id) => {
          const description = await this.#describe(id);
          if (description !== null) found.push([id, description]);
        }),
      );
    found.sort(([, a], [, b]) => a.startedAt - b.startedAt);
    for (const [id, description] of found) if (this.#index.get(id) === null) this.#index.set(id, description);
    const there = new Set(ids);
    for (const { id } of [...this.#index.values()])
      if (!there.has(id) && (await this.#describe(id)) === null) this.#forget(id);
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

  async #ready(id: string, entry: OpenEntry, known: IndexedEntry | null): Promise<ReadyBody> {
    const { description } = entry;
    if (this.#memory.accepts(description)) {
      try {
        const stored = await readStored(entry);
        const body = await bodyOf(stored, description);
        return this.#memory.set(id, { description, stored, whole: body });
      } finally {
        await entry.file.close();
      }
    }
    if (known === null || known.checkedStamp !== entry.stamp) {
      try {
        await checkStored(entry);
      } catch (error) {
        await entry.file.close();
        throw error;
      }
      if (known !== null) known.checkedStamp = entry.stamp;
    }
    return { kind: 'file', description, entry };
  }

  async #damaged(id: string, error: unknown): Promise<void> {
    this.#forget(id);
    if (error instanceof DamagedEntry || error instanceof SyntaxError) {
      this.#counts.damaged++;
      this.#options.log.warn('result-damaged', { entry: id, message: error.message });
      if (!this.#isFrozen) await rm(this.#pathOf(id), { force: true }).catch(() => {});
    } else this.#diskFailed(error);
  }

  /** Compresses one entry after the other. */
  #compress(id: string): void {
    this.#toCompress++;
    this.#compressing = this.#compressing.then(async () => {
      this.#toCompress--;
      if (this.#isFrozen || this.#index.get(id) === null) return;
      try {
        const part = `${this.#pathOf(id)}.${randomBytes(6).toString('hex')}.part`;
        const description = await compressEntry(this.#pathOf(id), part);
        if (description === null) return;
        this.#index.replace(id, description);
        this.#memory.delete(id); // the memory has the body as it was stored before
      } catch (error) {
        this.#diskFailed(error);
      }
    });
  }

  /** Resolves once nothing waits to be compressed. */
  async settled(): Promise<void> {
    while (this.#toCompress > 0) await this.#compressing;
    await this.#compressing;
  }
}
