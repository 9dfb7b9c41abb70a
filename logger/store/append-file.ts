/**
 * One open file that whole lines are appended to. A resolved `write` means that write() has returned for all of it. A
 * write that failed half-way is taken back by truncation, so that it may be repeated; what an earlier process left of
 * a half-written line (its writer never had an acknowledgement for it) is removed when the file is opened.
 */
import { type FileHandle, open } from 'node:fs/promises';

const NEWLINE = 0x0a;
const LINE_END = Buffer.from('\n');
const TAIL_BYTES = 64 * 1024;

export class AppendFile {
  readonly handle: FileHandle;
  /** Size and time of the file before the first write of this process. */
  readonly openedBytes: number;
  readonly modifiedAtMs: number;
  #bytes: number;
  /** A failed write left a part of a line that could not be taken back. */
  #torn = false;
  #healed = false;

  private constructor(handle: FileHandle, bytes: number, modifiedAtMs: number) {
    this.handle = handle;
    this.#bytes = this.openedBytes = bytes;
    this.modifiedAtMs = modifiedAtMs;
  }

  static async open(path: string): Promise<AppendFile> {
    const handle = await open(path, 'a+', 0o640);
    try {
      const stats = await handle.stat();
      // The configuration is checked when it is read; what the path names may change later.
      if (!stats.isFile()) throw new Error(`${path} is no regular file`);
      const { mtimeMs } = stats;
      return new AppendFile(handle, await removeTornTail(handle), mtimeMs);
    } catch (thrown) {
      await handle.close();
      throw thrown;
    }
  }

  /** A half line stands in it, ended by a line end: offsets counted by whoever watched the writes are off. */
  get healed(): boolean {
    return this.#healed;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whole lines; resolves with the bytes as they stand in the file. Rejects when not all could be written; then none was. */
  async write(lines: Buffer): Promise<Buffer> {
    const bytes = this.#torn ? Buffer.concat([LINE_END, lines]) : lines;
    const before = this.#torn ? (await this.handle.stat()).size : this.#bytes;
    try {
      await writeAll(this.handle, bytes);
    } catch (thrown) {
      this.#torn = !(await takeBack(this.handle, before, bytes.length));
      throw thrown;
    }
    this.#bytes = before + bytes.length;
    this.#healed ||= this.#torn;
    this.#torn = false;
    return bytes;
  }

  /** Somebody truncated it (logrotate's copytruncate) or removed it: what is written now would be lost or misplaced. */
  async wasReplaced(): Promise<boolean> {
    const { size, nlink } = await this.handle.stat();
    return nlink === 0 || size < this.#bytes;
  }

  close(): Promise<void> {
    return this.handle.close();
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
    return false; // the next write begins with a line end instead, so that at most this one line is torn
  }
}
