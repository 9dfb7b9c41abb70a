/**
 * Looks after rotated files: kept by count and by age, indexed where a crash left out the index, compressed. One
 * thing at a time, newest files first, beside the writing: gzip runs in a thread of the pool. Everything is found out
 * from the directory, so that a start takes up what a crash left.
 */
import { rm, stat } from 'node:fs/promises';
import type { Log } from '../../core/logging/log.ts';
import { readIndex } from '../index/reader.ts';
import { StreamLedger } from '../index/stream-ledger.ts';
import { completeIndex, compressFile, hasWholeIndex, indexCompressed } from './compress.ts';
import { COMPRESSED, indexPath, listLeftovers, listRotated, type RotatedFile, utcDay } from './names.ts';

export interface ArchiveOptions {
  readonly path: string;
  /** Rotated files kept. */
  readonly maxFiles: number;
  /** Days after which a file goes, counted from the day of its newest lines; 0: never. */
  readonly maxAgeDays: number;
  readonly compress: boolean;
  readonly log: Log;
  now(): number;
  /** Whether lines still go into it: a rotation that failed half-way leaves that. */
  isCurrent(path: string): Promise<boolean>;
}

const DAY_MS = 86_400_000;
/** For what is too old: nothing else tells that a day is over. */
const LOOK_MS = 3_600_000;

export class Archive {
  readonly #options: ArchiveOptions;
  readonly #ending = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #working: Promise<void> = Promise.resolve();
  #wanted = false;
  #looks = 0;

  constructor(options: ArchiveOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.look(), LOOK_MS);
    this.#timer.unref();
  }

  /** Nothing is left to do that it knows of. */
  get idle(): boolean {
    return this.#looks === 0;
  }

  /** Looks after the rotated files, now or after what it does just now. Errors are logged; the next look tries again. */
  look(): void {
    if (this.#wanted || this.#ending.signal.aborted) return;
    this.#wanted = true;
    this.#looks += 1;
    this.#working = this.#working.then(async () => {
      this.#wanted = false;
      await this.#lookNow();
      this.#looks -= 1;
    });
  }

  /** Resolves when it has stopped, between two blocks: what is not done is for the next start. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#ending.abort();
    await this.#working;
  }

  /** Rotated files, and their bytes as they lie on the disk. */
  async size(): Promise<{ readonly keptFiles: number; readonly keptBytes: number }> {
    const files = await listRotated(this.#options.path);
    let keptBytes = 0;
    for (const { path } of files) keptBytes += await bytesOf(path);
    return { keptFiles: new Set(files.map(({ serial }) => serial)).size, keptBytes };
  }

  async #lookNow(): Promise<void> {
    try {
      await this.#prune();
      const files = await listRotated(this.#options.path);
      for (const [i, file] of files.entries()) {
        if (this.#ending.signal.aborted) return;
        await this.#finish(file, () => ledgerFrom(files, i + 1));
      }
    } catch (error) {
      if (!this.#ending.signal.aborted) this.#options.log.error('log-archive-failed', { error });
    }
  }

  async #prune(): Promise<void> {
    const { path, maxFiles, maxAgeDays, now } = this.#options;
    const oldestDay = maxAgeDays === 0 ? '' : utcDay(now() - maxAgeDays * DAY_MS);
    const files = await listRotated(path);
    const serials = [...new Set(files.map(({ serial }) => serial))];
    const kept = new Set(serials.slice(0, maxFiles));
    for (const file of files) {
      if (!kept.has(file.serial) || file.day < oldestDay) await removeWithIndex(file.path);
    }
    for (const left of await listLeftovers(path)) await rm(left, { force: true });
  }

  async #finish(file: RotatedFile, ledgerBefore: () => Promise<StreamLedger>): Promise<void> {
    const { compress, log, isCurrent } = this.#options;
    try {
      if (await isCurrent(file.path)) return;
      if (file.compressed) {
        if (await isMissing(indexPath(file.path))) await indexCompressed(file.path);
        return;
      }
      if (
        !(await isMissing(file.path + COMPRESSED)) &&
        !(await isMissing(indexPath(file.path + COMPRESSED)))
      ) {
        await removeWithIndex(file.path); // a crash came between the last two steps
        return;
      }
      if (!(await hasWholeIndex(file.path))) await completeIndex(file.path, ledgerBefore);
      if (compress) await compressFile(file.path, this.#ending.signal);
    } catch (error) {
      if (this.#ending.signal.aborted || (await isMissing(file.path))) return;
      log.error('log-archive-failed', { file: file.path, error });
    }
  }
}

/**
 * The last seqs in the rotated files, from the newest one's index; from its lines where the index is not whole, and
 * then with what the index before it says.
 */
export async function ledgerOfRotated(path: string): Promise<StreamLedger> {
  const files = await listRotated(path);
  return await ledgerFrom(files, 0);
}

async function ledgerFrom(files: readonly RotatedFile[], newest: number): Promise<StreamLedger> {
  const file = files[newest];
  if (file === undefined) return new StreamLedger();
  const before = () => ledgerFrom(files, newest + 1);
  if (!file.compressed && !(await hasWholeIndex(file.path))) return await completeIndex(file.path, before);
  let ledger: StreamLedger | null = null;
  for await (const { record } of readIndex(indexPath(file.path))) {
    // Without the record of the streams before it (its index was made anew) the files before it have to be asked.
    ledger ??= record.bytes === 0 ? new StreamLedger() : await before();
    ledger.add(record.streams);
  }
  return ledger ?? (await before());
}

async function removeWithIndex(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(indexPath(path), { force: true });
}

async function isMissing(path: string): Promise<boolean> {
  return (await bytesOf(path, -1)) === -1;
}

async function bytesOf(path: string, ofMissing = 0): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
    return ofMissing;
  }
}
