/**
 * The one log file with its index: append, rotate by size and by UTC day, reopen. Only this process writes to it, whole
 * lines only. Rotation gives the file its name of names.ts, for good, and begins a new one; what becomes of
 * rotated files is archive.ts. When rotation fails the old file goes on. A crash between any two steps leaves files
 * that the next start completes: a missing index is made from the lines.
 */
import { type FileHandle, mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { eachLine, type LineStamp, readStamp } from '../../core/logging/line.ts';
import type { StreamLedger } from '../index/stream-ledger.ts';
import { IndexWriter } from '../index/writer.ts';
import { AppendFile } from './append-file.ts';
import { indexPath, listRotated, rotatedPath, utcDay } from './names.ts';

export interface LogFileOptions {
  readonly path: string;
  readonly maxBytes: number;
  /** A file holds lines of one UTC day. */
  readonly daily: boolean;
  /** Unix ms. */
  now(): number;
  /** The last seqs in the rotated files; asked when the current one has no index that says it. */
  ledgerBefore(): Promise<StreamLedger>;
  onRotated(): void;
  onRotationFailed(error: unknown): void;
  /** A line is in the file; its stamp is null when it is none of ours. */
  onLine(line: Buffer, stamp: LineStamp | null): void;
}

/** The current file and its index as they are at one moment. */
export interface CurrentFile {
  readonly handle: FileHandle;
  readonly bytes: number;
  readonly indexPath: string;
}

export interface OpenedCurrent {
  /** null when the file was moved away. */
  readonly file: CurrentFile | null;
  /** Serial number of the newest rotated file at that moment; 0 when there is none. */
  readonly lastSerial: number;
}

/** After a failed rotation, the next is tried when the file has grown by this much. */
const ROTATE_AGAIN_BYTES = 16 * 1024 * 1024;
const LOOK_AT_FILE_MS = 1000;

interface Opened {
  readonly file: AppendFile;
  readonly index: IndexWriter;
}

export async function openLogFile(options: LogFileOptions): Promise<LogFile> {
  await mkdir(dirname(options.path), { recursive: true });
  const [newest] = await listRotated(options.path);
  return new LogFile(options, await openBoth(options, options.ledgerBefore), newest?.serial ?? 0);
}

export class LogFile {
  readonly #options: LogFileOptions;
  #current: Opened;
  #serial: number;
  #day: string;
  #rotateAtBytes: number;
  #reopenWanted = false;
  #lookedAtMs = 0;
  #rotations = 0;
  /** Renames and those who open two files that belong together take turns. */
  #turn: Promise<unknown> = Promise.resolve();

  /** For openLogFile. */
  constructor(options: LogFileOptions, opened: Opened, serial: number) {
    this.#options = options;
    this.#current = opened;
    this.#serial = serial;
    this.#rotateAtBytes = options.maxBytes;
    this.#day = utcDay(opened.file.openedBytes > 0 ? opened.file.modifiedAtMs : options.now());
  }

  get rotations(): number {
    return this.#rotations;
  }

  lastSeq(stream: string): number {
    return this.#current.index.lastSeq(stream);
  }

  /** Whole lines. Calls must not overlap. Rejects when not all could be written; then none of it was. */
  async append(lines: Buffer): Promise<void> {
    if (this.#reopenWanted || this.#current.file.healed || (await this.#wasReplaced())) {
      await this.#inTurn(() => this.#replace());
      this.#reopenWanted = false;
    }
    if (this.#isDue(lines.length)) await this.#inTurn(() => this.#rotate());
    const { file, index } = this.#current;
    const written = await file.write(lines);
    this.#day = utcDay(this.#options.now());
    eachLine(written, (line) => {
      const stamp = readStamp(line);
      index.add(line, stamp);
      this.#options.onLine(line, stamp);
    });
  }

  /** Resolves when all that was appended is on the disk, not only with the system. */
  async sync(): Promise<void> {
    await this.#current.file.handle.datasync();
  }

  /** Opens the path anew at the next append, for those who moved the file away. */
  reopen(): void {
    this.#reopenWanted = true;
  }

  /** The file with a handle of its own, for reading. */
  openCurrent(): Promise<OpenedCurrent> {
    return this.#inTurn(async () => {
      const { path } = this.#options;
      try {
        const handle = await open(path, 'r');
        const { ino, size } = await handle.stat();
        const ours = ino === (await this.#current.file.handle.stat()).ino;
        const bytes = ours ? this.#current.file.bytes : size;
        return { file: { handle, bytes, indexPath: indexPath(path) }, lastSerial: this.#serial };
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
        return { file: null, lastSerial: this.#serial };
      }
    });
  }

  /** Whether this is the file that lines go into, whatever it is called by now. */
  async isCurrent(path: string): Promise<boolean> {
    const { ino } = await this.#current.file.handle.stat();
    return (await stat(path)).ino === ino;
  }

  async close(): Promise<void> {
    await this.#current.index.finish();
    await this.#current.index.close();
    await this.#current.file.close();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {}); // the caller of `done` gets the error
    return done;
  }

  #isDue(moreBytes: number): boolean {
    const { bytes } = this.#current.file;
    if (bytes === 0) return false;
    const dayIsOver = this.#options.daily && utcDay(this.#options.now()) > this.#day;
    return dayIsOver || bytes + moreBytes > this.#rotateAtBytes;
  }

  async #wasReplaced(): Promise<boolean> {
    const nowMs = performance.now();
    if (nowMs - this.#lookedAtMs < LOOK_AT_FILE_MS) return false;
    this.#lookedAtMs = nowMs;
    return await this.#current.file.wasReplaced();
  }

  async #rotate(): Promise<void> {
    const { path, onRotated, onRotationFailed } = this.#options;
    try {
      await this.#current.index.finish();
      const target = rotatedPath(path, this.#day, this.#serial + 1);
      await renameExisting(path, target);
      this.#serial += 1;
      await renameExisting(indexPath(path), indexPath(target));
      await this.#replace();
      this.#rotations += 1;
      onRotated();
    } catch (error) {
      this.#rotateAtBytes = this.#current.file.bytes + ROTATE_AGAIN_BYTES;
      onRotationFailed(error);
    }
  }

  /** Goes on in what the path names now. */
  async #replace(): Promise<void> {
    const old = this.#current;
    const ledger = await old.index.finish();
    this.#current = await openBoth(this.#options, () => Promise.resolve(ledger));
    this.#rotateAtBytes = this.#options.maxBytes;
    await old.index.close();
    await old.file.close();
  }
}

async function openBoth(
  { path }: LogFileOptions,
  ledgerBefore: () => Promise<StreamLedger>,
): Promise<Opened> {
  const file = await AppendFile.open(path);
  try {
    const index = await IndexWriter.open(indexPath(path), file.handle, file.bytes, ledgerBefore);
    return { file, index };
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}

async function renameExisting(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown; // somebody moved it away already
  }
}
