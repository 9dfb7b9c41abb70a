/**
 * A compressed log is a row of gzip members, one for each block of its index, so that any block can be read by itself;
 * to gzip it is one ordinary file. Each member's header has its own size in an extra field (`FL`, as other block
 * formats do it), by which the members can be walked when the index is gone.
 */
import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw, gunzip, type ZlibOptions } from 'node:zlib';

const deflateAsync = promisify<Buffer, ZlibOptions, Buffer>(deflateRaw);
const gunzipAsync = promisify(gunzip);

/** gzip, deflate, with extra field; no time, unknown system; 8 bytes of extra: FL, 4 bytes, the member's size. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 8, 0, 0x46, 0x4c, 4, 0, 0, 0, 0, 0]);
const SIZE_AT = 16;
const TRAILER_BYTES = 8;

/** A file is a tenth larger than at the usual level, for less than half of the CPU, which queries want as well. */
const LEVEL = constants.Z_BEST_SPEED;

/** Off the event loop. */
export async function compressBlock(block: Buffer): Promise<Buffer> {
  const body = await deflateAsync(block, { level: LEVEL });
  const header = Buffer.from(HEADER);
  header.writeUInt32LE(HEADER.length + body.length + TRAILER_BYTES, SIZE_AT);
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32LE(crc32(block), 0);
  trailer.writeUInt32LE(block.length, 4);
  return Buffer.concat([header, body, trailer]);
}

/** Rejects when the bytes are not one whole member. */
export function decompressBlock(member: Buffer): Promise<Buffer> {
  return gunzipAsync(member);
}

/** Places of all members; throws when the file is none of ours. */
export async function* walkMembers(
  file: FileHandle,
  fileBytes: number,
): AsyncGenerator<{ readonly storedAt: number; readonly storedBytes: number }> {
  const header = Buffer.alloc(HEADER.length);
  for (let storedAt = 0; storedAt < fileBytes; ) {
    const { bytesRead } = await file.read(header, 0, header.length, storedAt);
    const storedBytes = header.readUInt32LE(SIZE_AT);
    const ours =
      bytesRead === header.length && header.subarray(0, SIZE_AT).equals(HEADER.subarray(0, SIZE_AT));
    if (!ours || storedBytes <= HEADER.length || storedAt + storedBytes > fileBytes)
      throw new Error(`no block at ${storedAt}`);
    yield { storedAt, storedBytes };
    storedAt += storedBytes;
  }
}
