/**
 * A result that is being written: into a file aside, which becomes an entry by renaming once the result is complete. Readers
 * may follow it from the beginning while it is written, so that one query's answer can go to several clients.
 *
 *   writing --commit--> whole (the file has its final name)
 *      |  \--end without keeping--> whole (the file is removed; those who follow read it to its end)
 *      |  abandon, a failed write
 *      v
 *   abandoned (the file is removed)
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { type EntryDescription, footerOf, type ResultFacts } from './entry.ts';

/** Bytes that may wait to be written before `append` asks its caller to pause. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** The bytes that a follower reads at once. */
const READ_BYTES = 256 * 1024;

interface Waiting {
  readonly bytes: Buffer;
  release(): void;
}

export interface SpoolPaths {
  /** The file while it is written. */
  readonly part: string;
  readonly final: string;
}

/** Takes bytes that are on disk. Returns a promise when the reader must wait before the next ones. */
export type TakePiece = (bytes: Buffer) => Promise<void> | null;

export class Spool {
  readonly #paths: SpoolPaths;
  readonly #onGrown: (bytes: number) => void;
  #file: FileHandle | null = null;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #written = 0;
  #crc = 0;
  #state: 'writing' | 'ending' | 'whole' | 'abandoned' = 'writing';
  #failure: unknown = null;
  #writing: Promise<void> | null = null;
  #onDrain = (): void => {};
  /** Called at each change of what followers may read. */
  readonly #watchers = new Set<() => void>();

  /** `onGrown` is told the bytes that the file has got. */
  constructor(paths: SpoolPaths, onGrown: (bytes: number) => void) {
    this.#paths = paths;
    this.#onGrown = onGrown;
  }

  /** Whether the file cannot become an entry any more. */
  get isAbandoned(): boolean {
    return this.#state === 'abandoned';
  }

  /** The error of the disk that ended the writing; null without one. */
  get failure(): unknown {
    return this.#failure;
  }

  get bytes(): number {
    return this.#written + this.#waitingBytes;
  }

  get isFull(): boolean {
    return this.#waitingBytes > MAX_WAITING_BYTES;
  }

  /** Sets the function to call when `append` may be called again. */
  onDrain(callback: () => void): void {
    this.#onDrain = callback;
  }

  /** Appends bytes and calls `release` once they may be reused. Returns false when the caller should pause. */
  append(bytes: Buffer, release: () => void): boolean {
    if (this.#state !== 'writing') {
      release();
      return true;
    }
    this.#waiting.push({ bytes, release });
    this.#waitingBytes += bytes.length;
    this.#writing ??= this.#writeAll();
    return !this.isFull;
  }

  /** Makes the file an entry. Resolves to its description, or to null when that failed or the spool was abandoned. */
  async commit(facts: ResultFacts): Promise<EntryDescription | null> {
    await this.#writing;
    if (this.#state !== 'writing') return null;
    this.#state = 'ending';
    try {
      const file = await this.#open();
      const bytes = this.#written;
      const body = { bodyBytes: bytes, bodyCrc: this.#crc, storedBytes: bytes, storedCrc: this.#crc };
      const description: EntryDescription = { ...facts, encoding: 'identity', ...body };
      await writeWhole(file, footerOf(description), bytes);
      await rename(this.#paths.part, this.#paths.final);
      this.#state = 'whole';
      return description;
    } catch (error) {
      await this.#fail(error);
      return null;
    } finally {
      await this.#closeWhenUnread();
      this.#tellWatchers();
    }
  }

  /** Ends a whole result that is not kept: who follows it reads it to its end. */
  async endUnkept(): Promise<void> {
    await this.#writing;
    if (this.#state !== 'writing') return;
    this.#state = 'whole';
    await this.#removePart();
    this.#tellWatchers();
  }

  async abandon(): Promise<void> {
    if (this.#state !== 'writing') return;
    this.#state = 'abandoned';
    this.#dropWaiting();
    await this.#writing;
    await this.#removePart();
    this.#tellWatchers();
  }

  /**
   * Gives everything that is and will be written to `take`, from the beginning. Resolves to true once all of a whole
   * result was taken, to false when it was abandoned or `isGone` says that the reader wants no more.
   */
  async follow(take: TakePiece, isGone: () => boolean): Promise<boolean> {
    const changed = createSignal();
    this.#watchers.add(changed.raise);
    try {
      for (let position = 0; ; ) {
        if (isGone() || this.#state === 'abandoned') return false;
        if (position === this.#written) {
          if (this.#state === 'whole') return true;
          await changed.wait();
          continue;
        }
        const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, this.#written - position));
        const { bytesRead } = await this.#file!.read(buffer, 0, buffer.length, position); // open since bytes are written
        position += bytesRead;
        const wait = take(buffer.subarray(0, bytesRead));
        if (wait !== null) await wait;
      }
    } finally {
      this.#watchers.delete(changed.raise);
      await this.#closeWhenUnread();
    }
  }

  /** Wakes the followers, so that those whose client has gone notice it. */
  wake(): void {
    this.#tellWatchers();
  }

  async #writeAll(): Promise<void> {
    try {
      const file = await this.#open();
      while (this.#state === 'writing' && this.#waiting.length > 0) {
        const { bytes, release } = this.#waiting.shift()!;
        try {
          await writeWhole(file, bytes, this.#written);
          this.#crc = crc32(bytes, this.#crc);
        } finally {
          this.#waitingBytes -= bytes.length;
          release();
        }
        this.#written += bytes.length;
        this.#onGrown(bytes.length);
        this.#tellWatchers();
        if (!this.isFull) this.#onDrain();
      }
    } catch (error) {
      await this.#fail(error);
    } finally {
      this.#writing = null;
    }
  }

  async #open(): Promise<FileHandle> {
    this.#file ??= await open(this.#paths.part, 'wx+', 0o600);
    return this.#file;
  }

  async #fail(error: unknown): Promise<void> {
    this.#failure = error;
    this.#state = 'abandoned';
    this.#dropWaiting();
    await this.#removePart();
    this.#tellWatchers();
    this.#onDrain();
  }

  #dropWaiting(): void {
    for (const { bytes, release } of this.#waiting.splice(0)) {
      this.#waitingBytes -= bytes.length;
      release();
    }
  }

  async #removePart(): Promise<void> {
    this.#onGrown(-this.#written);
    await rm(this.#paths.part, { force: true }).catch(() => {}); // the next start removes it
    await this.#closeWhenUnread();
  }

  async #closeWhenUnread(): Promise<void> {
    const isDone = this.#state === 'whole' || this.#state === 'abandoned';
    const file = this.#file;
    if (!isDone || this.#watchers.size > 0 || file === null) return;
    this.#file = null;
    await file.close();
  }

  #tellWatchers(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

async function writeWhole(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const done = await file.write(bytes, written, bytes.length - written, position + written);
    written += done.bytesWritten;
  }
}

/** A signal that is remembered until somebody waits for it. */
function createSignal(): { raise(): void; wait(): Promise<void> } {
  let raised = false;
  let resume: (() => void) | null = null;
  return {
    raise() {
      raised = true;
      resume?.();
    },
    wait: () =>
      new Promise((resolve) => {
        const done = (): void => {
          raised = false;
          resume = null;
          resolve();
        };
        if (raised) done();
        else resume = done;
      }),
  };
}
