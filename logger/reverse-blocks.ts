/**
 * Reads the log from its newest line back: the current file, then `<file>.1` and so on, in blocks of whole lines,
 * newest block first. The files are opened together at the start, so that a rotation meanwhile changes nothing;
 * one that a rotation moved between two of the opens is seen twice and read once.
 */
import { type FileHandle, open } from 'node:fs/promises';

const BLOCK_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

export interface ReverseOptions {
  readonly path: string;
  readonly maxFiles: number;
  /** Files last written before this Unix ms are left out. */
  readonly notBeforeMs?: number;
  /** Stop after about so many bytes. */
  readonly maxBytes?: number;
}

/** Blocks of whole lines (the last may lack its line end). Each is valid until the next is asked for. */
export async function* readBlocksBackwards(options: ReverseOptions): AsyncGenerator<Buffer> {
  const files = await openAll(options);
  let remaining = options.maxBytes ?? Number.POSITIVE_INFINITY;
  try {
    for (const { handle, size } of files) {
      for await (const block of blocksOf(handle, size)) {
        yield block;
        remaining -= block.length;
        if (remaining <= 0) return;
      }
    }
  } finally {
    await Promise.all(files.map(({ handle }) => handle.close()));
  }
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly size: number;
}

async function openAll({ path, maxFiles, notBeforeMs = 0 }: ReverseOptions): Promise<OpenFile[]> {
  const files: OpenFile[] = [];
  const seen = new Set<number>();
  for (let n = 0; n <= Math.max(1, maxFiles); n += 1) {
    const handle = await openExisting(n === 0 ? path : `${path}.${n}`);
    if (handle === null) continue;
    const { ino, size, mtimeMs } = await handle.stat();
    if (seen.has(ino) || mtimeMs < notBeforeMs) {
      await handle.close();
      continue;
    }
    seen.add(ino);
    files.push({ handle, size });
  }
  return files;
}

async function openExisting(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw thrown;
  }
}

async function* blocksOf(handle: FileHandle, size: number): AsyncGenerator<Buffer> {
  /** The first part of the line that the next (older) block ends in. */
  let rest: Buffer = Buffer.alloc(0);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const block = Buffer.allocUnsafe(end - start + rest.length);
    const { bytesRead } = await handle.read(block, 0, end - start, start);
    if (bytesRead < end - start) return; // truncated under us: what is gone cannot be read
    rest.copy(block, end - start);
    end = start;
    const firstWhole = start === 0 ? 0 : block.indexOf(NEWLINE) + 1;
    if (start > 0 && firstWhole === 0) {
      rest = block; // a line longer than the block
      continue;
    }
    rest = Buffer.from(block.subarray(0, firstWhole));
    if (firstWhole < block.length) yield block.subarray(firstWhole);
  }
}
