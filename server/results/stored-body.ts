/** Reads the body of an entry: checked whole before its first byte is used, then piece by piece, decompressed where asked. */
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { constants, crc32, createInflateRaw, inflateRaw } from 'node:zlib';
import { drained } from './drained.ts';
import { DamagedEntry, type EntryDescription, readDescription, readWhole } from './entry.ts';

const PIECE_BYTES = 256 * 1024;
const inflateWhole = promisify(inflateRaw);

/** An open file of an entry, which stays readable when the entry is removed meanwhile. */
export interface OpenEntry {
  readonly file: FileHandle;
  readonly description: EntryDescription;
  /** Changes when anybody writes to the file. */
  readonly stamp: string;
}

/** A body that is ready to be sent: either all of it in memory, or an open file. */
export type ReadyBody =
  | {
      readonly kind: 'memory';
      readonly description: EntryDescription;
      readonly stored: Buffer;
      readonly body: Buffer;
    }
  | { readonly kind: 'file'; readonly description: EntryDescription; readonly entry: OpenEntry };

/** Opens an entry and reads its description. Returns null when there is none. Throws DamagedEntry. */
export async function openEntry(path: string): Promise<OpenEntry | null> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const { size, mtimeMs, ino } = await file.stat();
    const description = await readDescription(file, size);
    return { file, description, stamp: `${ino} ${size} ${mtimeMs}` };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Reads the whole stored body. Throws DamagedEntry when its checksum is wrong. */
export async function readStored({ file, description }: OpenEntry): Promise<Buffer> {
  const stored = Buffer.allocUnsafe(description.storedBytes);
  await readWhole(file, stored, 0);
  if (crc32(stored) !== description.storedCrc) throw new DamagedEntry('the body was changed');
  return stored;
}

/** Reads the stored body once, without keeping it. Throws DamagedEntry when its checksum is wrong. */
export async function checkStored(entry: OpenEntry): Promise<void> {
  let crc = 0;
  for await (const piece of storedPieces(entry)) crc = crc32(piece, crc);
  if (crc !== entry.description.storedCrc) throw new DamagedEntry('the body was changed');
}

/** Returns the body of stored bytes. */
export async function bodyOf(stored: Buffer, { encoding }: EntryDescription): Promise<Buffer> {
  if (encoding === 'identity') return stored;
  // The stored blocks have no last one.
  return await inflateWhole(stored, { finishFlush: constants.Z_SYNC_FLUSH });
}

/** Yields the stored bytes. A piece may be reused when the next one is asked for. */
export async function* storedPieces({ file, description }: OpenEntry): AsyncGenerator<Buffer> {
  const { storedBytes } = description;
  for (let position = 0; position < storedBytes; ) {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, storedBytes - position));
    await readWhole(file, piece, position);
    position += piece.length;
    yield piece;
  }
}

/** Yields the body. */
export async function* bodyPieces(entry: OpenEntry): AsyncGenerator<Buffer> {
  if (entry.description.encoding === 'identity') {
    yield* storedPieces(entry);
    return;
  }
  const inflate = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: PIECE_BYTES });
  const feed = async (): Promise<void> => {
    for await (const piece of storedPieces(entry)) {
      if (inflate.destroyed) return;
      if (!inflate.write(piece)) await drained(inflate);
    }
    inflate.end();
  };
  const fed = feed().catch((error: Error) => void inflate.destroy(error));
  try {
    for await (const piece of inflate) yield piece as Buffer;
  } finally {
    inflate.destroy();
    await fed;
  }
}
