/**
 * The one log file: append, rotate by size, reopen. Only this process writes to it, whole lines only, and a
 * resolved `append` means that write() has returned for all of it. A write that failed half-way is taken back by
 * truncation, so that it may be repeated; what an earlier process left of a half-written line (its writer never
 * had an acknowledgement for it) is removed when the file is opened.
 *
 * Rotation: file.(n-1) -> file.n from the first free number down, file -> file.1, new file. A crash in between
 * leaves a free number, which the next rotation fills. When rotation fails the old file goes on.
 */
import { type FileHandle, mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface LogFileOptions {
  readonly path: string;
  readonly maxBytes: number;
  /** How many rotated files are kept beside the current one. */
  readonly maxFiles: number;
  readonly onRotationFailed: (error: unknown) => void;
  /** Told of each write that is in the file, before `append` resolves. */
  readonly onWritten?: (lines: Buffer) => void;
}

const NEWLINE = 0x0a;
const LINE_END = Buffer.from('\n');
const TAIL_BYTES = 64 * 1024;
/** After a failed rotation, the next is tried when the file has grown by this much. */
const ROTATE_AGAIN_BYTES = 16 * 1024 * 1024;

interface OpenFile {
  readonly handle: FileHandle;
  bytes: number;
}

export async function openLogFile(options: LogFileOptions): Promise<LogFile> {
  await mkdir(dirname(options.path), { recursive: true });
  return new LogFile(options, await openAppend(options.path));
}

export class LogFile {
  readonly #options: LogFileOptions;
  #current: OpenFile;
  #rotateAtBytes: number;
  #reopenWanted = false;
  /** A failed write left a part of a line that could not be taken back. */
  #torn = false;
  #rotations = 0;

  /** For openLogFile, which knows that what is there ends with a line end. */
  constructor(options: LogFileOptions, opened: OpenFile) {
    this.#options = options;
    this.#current = opened;
    this.#rotateAtBytes = options.maxBytes;
  }

  /** Whole lines. Calls must not overlap. Rejects when not all could be written; then none of it was. */
  async append(lines: Buffer): Promise<void> {
    if (this.#reopenWanted) {
      await this.#replaceHandle();
      this.#reopenWanted = false;
    }
    const { bytes } = this.#current;
    if (bytes > 0 && bytes + lines.length > this.#rotateAtBytes) await this.#rotate();
    await this.#write(this.#torn ? Buffer.concat([LINE_END, lines]) : lines);
  }

  /** Opens the path anew at the next append, for those who moved the file away. */
  reopen(): void {
    this.#reopenWanted = true;
  }

  get rotations(): number {
    return this.#rotations;
  }

  close(): Promise<void> {
    return this.#current.handle.close();
  }

  async #write(bytes: Buffer): Promise<void> {
    const { handle, bytes: before } = this.#current;
    try {
      await writeAll(handle, bytes);
    } catch (thrown) {
      this.#torn = !(await takeBack(handle, before, bytes.length));
      throw thrown;
    }
    this.#torn = false;
    this.#current.bytes = before + bytes.length;
    this.#options.onWritten?.(bytes);
  }

  async #rotate(): Promise<void> {
    const { path, maxFiles, onRotationFailed } = this.#options;
    try {
      await shiftFiles(path, maxFiles);
      await this.#replaceHandle();
      this.#rotations += 1;
    } catch (error) {
      this.#rotateAtBytes = this.#current.bytes + ROTATE_AGAIN_BYTES;
      onRotationFailed(error);
    }
  }

  async #replaceHandle(): Promise<void> {
    const old = this.#current.handle;
    this.#current = await openAppend(this.#options.path);
    this.#rotateAtBytes = this.#options.maxBytes;
    this.#torn = false;
    await old.close();
  }
}

async function openAppend(path: string): Promise<OpenFile> {
  const handle = await open(path, 'a+', 0o640);
  try {
    return { handle, bytes: await removeTornTail(handle) };
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

/** Cuts the file behind its last line end; returns its size then. */
async function removeTornTail(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat();
  const block = Buffer.alloc(TAIL_BYTES);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - TAIL_BYTES);
    await handle.read(block, 0, end - start, start);
    const newline = block.subarray(0, end - start).lastIndexOf(NEWLINE);
    if (newline !== -1) {
      const whole = start + newline + 1;
      if (whole < size) await handle.truncate(whole);
      return whole;
    }
    end = start;
  }
  if (size > 0) await handle.truncate(0);
  return 0;
}

async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at);
    at += bytesWritten;
  }
}

/** Undoes a write that failed half-way, if nobody else has written meanwhile; tells whether it is undone. */
async function takeBack(handle: FileHandle, before: number, attempted: number): Promise<boolean> {
  try {
    const { size } = await handle.stat();
    if (size === before) return true;
    if (size < before || size >= before + attempted) return false;
    await handle.truncate(before);
    return true;
  } catch {
    return false; // the next append begins with a line end instead, so that at most this one line is torn
  }
}

/** Makes `file.1` of `file`; the oldest of the kept ones is overwritten only when all numbers are taken. */
async function shiftFiles(path: string, maxFiles: number): Promise<void> {
  const kept = Math.max(1, maxFiles);
  let free = 1;
  while (free < kept && (await exists(`${path}.${free}`))) free += 1;
  for (let n = free; n > 1; n -= 1) await rename(`${path}.${n - 1}`, `${path}.${n}`);
  try {
    await rename(path, `${path}.1`);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown; // somebody moved it away already
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw thrown;
  }
}
