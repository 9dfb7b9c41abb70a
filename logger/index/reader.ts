/** Reads an index file record by record, in bounded memory. What is torn or foreign ends it: the rest is not indexed. */
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { type BlockRecord, decodeRecord, HEAD_BYTES, recordSize } from './block-record.ts';

const CHUNK_BYTES = 2 * 1024 * 1024;
const MAX_CHUNK_BYTES = 32 * 1024 * 1024;

export interface IndexEntry {
  readonly record: BlockRecord;
  /** Offset in the index just behind the record. */
  readonly end: number;
}

/** Records without gaps from the file's begin on; each is valid until the next is asked for. */
export async function* readIndex(path: string): AsyncGenerator<IndexEntry> {
  for await (const batch of readIndexInBatches(path)) yield* batch;
}

/**
 * Yields the entries as readIndex does, in batches, each valid until the next one: a search waits for each read, not
 * for each record.
 */
export async function* readIndexInBatches(path: string): AsyncGenerator<readonly IndexEntry[]> {
  const handle = await openExisting(path);
  if (handle === null) return;
  try {
    let covered = 0;
    for await (const batch of batchesOf(handle)) {
      const gap = batch.findIndex(({ record }) => {
        const expected = covered;
        covered += record.bytes;
        return record.offset !== expected;
      });
      yield gap === -1 ? batch : batch.slice(0, gap);
      if (gap !== -1) return;
    }
  } finally {
    await handle.close();
  }
}

/** Yields the entries that exist when it begins; an index grows with its file. */
async function* batchesOf(handle: FileHandle): AsyncGenerator<readonly IndexEntry[]> {
  const { size: indexBytes } = await handle.stat();
  // A buffer outside of the pool, since records are looked at in place, at multiples of 8.
  let chunk = Buffer.allocUnsafeSlow(Math.min(indexBytes, CHUNK_BYTES));
  let filled = 0;
  for (let position = 0; position + filled < indexBytes; ) {
    const { bytesRead } = await handle.read(chunk, filled, chunk.length - filled, position + filled);
    if (bytesRead === 0) return; // truncated under us
    filled += bytesRead;
    const view = chunk.subarray(0, filled);
    const batch: IndexEntry[] = [];
    let at = 0;
    for (let size = recordSize(view, at); size !== null; size = recordSize(view, at)) {
      batch.push({ record: decodeRecord(view, at), end: position + at + size });
      at += size;
    }
    if (batch.length > 0) yield batch;
    chunk.copyWithin(0, at, filled);
    position += at;
    filled -= at;
    if (filled < chunk.length) continue;
    if (chunk.length >= MAX_CHUNK_BYTES) return; // no record is that long
    const larger = Buffer.allocUnsafeSlow(chunk.length * 4);
    chunk.copy(larger);
    chunk = larger;
  }
}

/** Whether the record is about this plain file. */
export async function matchesFile(
  record: Pick<BlockRecord, 'offset' | 'bytes' | 'head'>,
  log: FileHandle,
  logBytes: number,
): Promise<boolean> {
  if (record.offset + record.bytes > logBytes) return false;
  const head = Buffer.alloc(Math.min(HEAD_BYTES, record.bytes));
  const { bytesRead } = await log.read(head, 0, head.length, record.offset);
  return bytesRead === head.length && crc32(head) === record.head;
}

/** null when there is no such file. */
export async function openExisting(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw thrown;
  }
}
