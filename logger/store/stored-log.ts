/**
 * The whole log for reading, from its newest line back: the current file, then the rotated ones, plain or compressed,
 * in blocks of whole lines. With what the indexes say only blocks that may have what is wanted are read; what no index
 * covers is read wholly. Memory holds a block and the places of those that come. A file that goes away meanwhile was
 * removed as too old, or compressed, and then it is read so.
 */
import type { FileHandle } from 'node:fs/promises';
import type { BlockRecord } from '../index/block-record.ts';
import { matchesFile, openExisting, readIndexInBatches } from '../index/reader.ts';
import { decompressBlock, walkMembers } from './gzip-member.ts';
import type { CurrentFile, OpenedCurrent } from './log-file.ts';
import { COMPRESSED, indexPath, listRotated, type RotatedFile } from './names.ts';

export interface StoredLog {
  readonly path: string;
  openCurrent(): Promise<OpenedCurrent>;
}

/** Criteria for a line; the indexes tell which blocks have no such line. */
export interface Wanted {
  /** hashId of a query id. */
  readonly idHash: number | null;
  readonly sinceMs: number;
  readonly minRank: number;
}

const READ_BYTES = 512 * 1024;
const NEWLINE = 0x0a;

/** The fields of a record that stay valid when its index is read on. */
type BlockRange = Pick<BlockRecord, 'offset' | 'bytes' | 'head' | 'storedAt' | 'storedBytes'>;

interface Place {
  readonly storedAt: number;
  readonly storedBytes: number;
}

/** Blocks of whole lines, newest first. A file that cannot be read is told, and passed over. */
export async function* readBlocks(
  log: StoredLog,
  wanted: Wanted,
  onUnreadable: (path: string, error: unknown) => void,
): AsyncGenerator<Buffer> {
  const { file: current, lastSerial } = await log.openCurrent();
  try {
    if (current !== null) yield* plainBlocks(current, wanted);
  } finally {
    await current?.handle.close();
  }
  // A file that was rotated since then was the current one; a compressed one that is not removed yet is there twice.
  let readSerial = lastSerial + 1;
  for (const file of await listRotated(log.path)) {
    if (file.serial >= readSerial) continue;
    readSerial = file.serial;
    try {
      yield* rotatedBlocks(file, wanted);
    } catch (error) {
      onUnreadable(file.path, error);
    }
  }
}

async function* rotatedBlocks(file: RotatedFile, wanted: Wanted): AsyncGenerator<Buffer> {
  const compressedPath = file.compressed ? file.path : file.path + COMPRESSED;
  const plain = file.compressed ? null : await openExisting(file.path);
  const path = plain === null ? compressedPath : file.path;
  const handle = plain ?? (await openExisting(path));
  if (handle === null) return;
  try {
    const { size: bytes, mtimeMs } = await handle.stat();
    if (mtimeMs < wanted.sinceMs) return;
    const source = { handle, bytes, indexPath: indexPath(path) };
    yield* plain === null ? compressedBlocks(source, wanted) : plainBlocks(source, wanted);
  } finally {
    await handle.close();
  }
}

async function* plainBlocks(source: CurrentFile, wanted: Wanted): AsyncGenerator<Buffer> {
  const { handle, bytes } = source;
  // The index goes on growing with the current file.
  const { places, last } = await candidates(source.indexPath, wanted, bytes);
  const trusted = last !== null && (await matchesFile(last, handle, bytes));
  yield* backwards(handle, trusted ? last.offset + last.bytes : 0, bytes);
  if (!trusted) return;
  for (const place of places.reverse()) yield await readPlace(handle, place);
}

async function* compressedBlocks(source: CurrentFile, wanted: Wanted): AsyncGenerator<Buffer> {
  const { handle, bytes } = source;
  const { places, last } = await candidates(source.indexPath, wanted, Number.POSITIVE_INFINITY);
  const trusted = last !== null && last.storedAt + last.storedBytes === bytes;
  const chosen: Place[] = trusted ? places : [];
  if (!trusted) for await (const place of walkMembers(handle, bytes)) chosen.push(place);
  for (const place of chosen.reverse()) yield await decompressBlock(await readPlace(handle, place));
}

async function candidates(
  path: string,
  { idHash, sinceMs, minRank }: Wanted,
  upToBytes: number,
): Promise<{ readonly places: Place[]; readonly last: BlockRange | null }> {
  const places: Place[] = [];
  let last: BlockRange | null = null;
  for await (const batch of readIndexInBatches(path)) {
    for (const { record } of batch) {
      const { offset, bytes, head, storedAt, storedBytes } = record;
      if (offset + bytes > upToBytes) return { places, last };
      last = { offset, bytes, head, storedAt, storedBytes };
      const may =
        bytes > 0 &&
        !(record.newestMs < sinceMs) && // NaN, of a time that is none, tells nothing
        record.levels >> minRank !== 0 &&
        (idHash === null || record.ids.includes(idHash));
      if (may) places.push({ storedAt, storedBytes });
    }
  }
  return { places, last };
}

async function readPlace(handle: FileHandle, { storedAt, storedBytes }: Place): Promise<Buffer> {
  const block = Buffer.allocUnsafe(storedBytes);
  const { bytesRead } = await handle.read(block, 0, storedBytes, storedAt);
  return block.subarray(0, bytesRead); // less: truncated under us, and what is gone cannot be read
}

/** Blocks of whole lines (the last may lack its line end) from `end` back to `start`, which is a line's start. */
async function* backwards(handle: FileHandle, start: number, end: number): AsyncGenerator<Buffer> {
  /** The first part of the line that the next (older) block ends in. */
  let rest: Buffer = Buffer.alloc(0);
  for (let to = end; to > start; ) {
    const from = Math.max(start, to - READ_BYTES);
    const block = Buffer.allocUnsafe(to - from + rest.length);
    const { bytesRead } = await handle.read(block, 0, to - from, from);
    if (bytesRead < to - from) return; // truncated under us
    rest.copy(block, to - from);
    to = from;
    const firstWhole = from === start ? 0 : block.indexOf(NEWLINE) + 1;
    if (from > start && firstWhole === 0) {
      rest = block; // a line longer than the block
      continue;
    }
    rest = Buffer.from(block.subarray(0, firstWhole));
    if (firstWhole < block.length) yield block.subarray(firstWhole);
  }
}
