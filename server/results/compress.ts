/** Compresses the file of an entry in place, in the background: the new file is written aside and takes the old one's name. */
import { open, rename, rm } from 'node:fs/promises';
import { constants, crc32, createDeflateRaw } from 'node:zlib';
import { drained } from './drained.ts';
import { type EntryDescription, footerOf } from './entry.ts';
import { type OpenEntry, openEntry, storedPieces } from './stored-body.ts';

/** Smaller bodies fit into one block of the file system anyway. */
const LEAST_BYTES = 4096;
/** The compressed file must be this much smaller, or the entry stays as it is. */
const LEAST_SAVING = 0.2;
/** Level 1 takes a third of the time of level 6 for some 10 % more bytes. */
const LEVEL = 1;

/** Whether an entry is worth the attempt. Parquet files are compressed inside. */
export function isCompressible({ encoding, format, bodyBytes }: EntryDescription): boolean {
  return encoding === 'identity' && format !== 'parquet' && bodyBytes >= LEAST_BYTES;
}

/** Compresses the entry at `path`. Resolves to its new description; to null when it stays as it is. */
export async function compressEntry(path: string, partPath: string): Promise<EntryDescription | null> {
  const entry = await openEntry(path);
  if (entry === null) return null;
  try {
    if (!isCompressible(entry.description)) return null;
    const description = await writeCompressed(entry, partPath);
    if (description === null) return null;
    await rename(partPath, path);
    return description;
  } finally {
    await entry.file.close();
    await rm(partPath, { force: true });
  }
}

async function writeCompressed(entry: OpenEntry, partPath: string): Promise<EntryDescription | null> {
  const { description } = entry;
  const part = await open(partPath, 'wx', 0o600);
  try {
    const deflate = createDeflateRaw({ level: LEVEL, finishFlush: constants.Z_FULL_FLUSH });
    const fed = (async () => {
      let bodyCrc = 0;
      for await (const piece of storedPieces(entry)) {
        bodyCrc = crc32(piece, bodyCrc);
        if (!deflate.write(piece)) await drained(deflate);
      }
      deflate.end();
      return bodyCrc;
    })();
    fed.catch((error: Error) => deflate.destroy(error));
    let storedBytes = 0;
    let storedCrc = 0;
    for await (const piece of deflate as AsyncIterable<Buffer>) {
      storedCrc = crc32(piece, storedCrc);
      await part.appendFile(piece);
      storedBytes += piece.length;
    }
    // A body that is damaged already must not get a fresh checksum.
    if ((await fed) !== description.bodyCrc) return null;
    if (storedBytes > description.bodyBytes * (1 - LEAST_SAVING)) return null;
    const compressed: EntryDescription = { ...description, encoding: 'deflate', storedBytes, storedCrc };
    await part.appendFile(footerOf(compressed));
    return compressed;
  } finally {
    await part.close();
  }
}
