/**
 * Makes `<name>.gz` and its index of a rotated file and its index, block by block: members as in gzip-member.ts. Both
 * are finished under another name first, then the plain ones go. A crash leaves the plain file, or both: never half a
 * file under a final name.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { eachLine, readStamp } from '../../core/logging/line.ts';
import { BlockBuilder } from '../index/block-builder.ts';
import { type BlockRecord, encodeRecord } from '../index/block-record.ts';
import { matchesFile, openExisting, readIndex } from '../index/reader.ts';
import type { StreamLedger } from '../index/stream-ledger.ts';
import { IndexWriter } from '../index/writer.ts';
import { compressBlock, decompressBlock, walkMembers } from './gzip-member.ts';
import { COMPRESSED, indexPath, UNFINISHED } from './names.ts';

/** The path of a plain rotated file. `signal` ends it between two blocks; the plain file is then as it was. */
export async function compressFile(path: string, signal: AbortSignal): Promise<void> {
  const target = path + COMPRESSED;
  const log = await open(path, 'r');
  try {
    await writeWhole(indexPath(target), (index) =>
      writeWhole(target, (compressed) => compressBlocks(log, indexPath(path), compressed, index, signal)),
    );
  } finally {
    await log.close();
  }
  await rm(path, { force: true });
  await rm(indexPath(path), { force: true });
}

/** Whether the index covers all of the plain file. */
export async function hasWholeIndex(path: string): Promise<boolean> {
  const log = await openExisting(path);
  if (log === null) return true; // gone: nothing to cover
  try {
    const { size } = await log.stat();
    let last: Pick<BlockRecord, 'offset' | 'bytes' | 'head'> | null = null;
    for await (const { record } of readIndex(indexPath(path)))
      last = { offset: record.offset, bytes: record.bytes, head: record.head };
    return last !== null && last.offset + last.bytes === size && (await matchesFile(last, log, size));
  } finally {
    await log.close();
  }
}

/** Makes or completes the index of a plain rotated file; resolves with the last seqs at its end. */
export async function completeIndex(
  path: string,
  before: () => Promise<StreamLedger>,
): Promise<StreamLedger> {
  const log = await open(path, 'r');
  try {
    const { size } = await log.stat();
    const writer = await IndexWriter.open(indexPath(path), log, size, before);
    const ledger = await writer.finish();
    await writer.close();
    return ledger;
  } finally {
    await log.close();
  }
}

/** Makes the index of a compressed file anew, from its members. */
export async function indexCompressed(path: string): Promise<void> {
  const log = await open(path, 'r');
  try {
    const { size } = await log.stat();
    await writeWhole(indexPath(path), async (index) => {
      const builder = new BlockBuilder(0);
      for await (const place of walkMembers(log, size)) {
        const block = await decompressBlock(await readAt(log, place.storedAt, place.storedBytes));
        eachLine(block, (line) => builder.add(line, readStamp(line)));
        await index.appendFile(encodeRecord({ ...builder.take(), ...place }));
      }
    });
  } finally {
    await log.close();
  }
}

async function compressBlocks(
  log: FileHandle,
  plainIndex: string,
  compressed: FileHandle,
  index: FileHandle,
  signal: AbortSignal,
): Promise<void> {
  const { size } = await log.stat();
  let storedAt = 0;
  let covered = 0;
  for await (const { record } of readIndex(plainIndex)) {
    signal.throwIfAborted();
    let storedBytes = 0;
    if (record.bytes > 0) {
      const member = await compressBlock(await readAt(log, record.offset, record.bytes));
      await compressed.appendFile(member);
      storedBytes = member.length;
    }
    await index.appendFile(encodeRecord({ ...record, storedAt, storedBytes }));
    storedAt += storedBytes;
    covered += record.bytes;
  }
  // The plain file goes next: what is not in the compressed one would be lost.
  if (covered !== size) throw new Error(`the index covers ${covered} of ${size} bytes`);
}

async function readAt(file: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const block = Buffer.allocUnsafe(bytes);
  const { bytesRead } = await file.read(block, 0, bytes, offset);
  if (bytesRead < bytes) throw new Error(`${bytes - bytesRead} bytes are missing at ${offset}`);
  return block;
}

/** Under its final name only once it is whole and on the disk: the file that it stands for is removed next. */
async function writeWhole(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const unfinished = path + UNFINISHED;
  const file = await open(unfinished, 'w', 0o640);
  try {
    await write(file);
    await file.sync();
    await file.close();
    await rename(unfinished, path);
  } catch (thrown) {
    await file.close().catch(() => {}); // closed already; the error that matters is the caller's
    await rm(unfinished, { force: true });
    throw thrown;
  }
}
