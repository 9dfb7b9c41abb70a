/**
 * Makes one gzip file (RFC 1952) of a stored body and a tail that differs from answer to answer. The stored body is a sequence of
 * DEFLATE blocks that ends at a byte boundary and has no last block, so the tail can follow as the last block, uncompressed.
 */
import { crc32 } from 'node:zlib';

export const GZIP_HEAD = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** The most bytes of an uncompressed DEFLATE block. */
const MAX_BLOCK_BYTES = 0xffff;

export interface CompressedBody {
  readonly bodyBytes: number;
  readonly bodyCrc: number;
}

/** Returns everything that follows the stored body. */
export function gzipEnd(tail: Buffer, { bodyBytes, bodyCrc }: CompressedBody): Buffer {
  const checks = Buffer.alloc(8);
  checks.writeUInt32LE(crc32(tail, bodyCrc), 0);
  checks.writeUInt32LE((bodyBytes + tail.length) % 2 ** 32, 4);
  return Buffer.concat([...blocksOf(tail), checks]);
}

function blocksOf(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += MAX_BLOCK_BYTES) {
    const block = bytes.subarray(at, at + MAX_BLOCK_BYTES);
    const head = Buffer.alloc(5);
    head[0] = at + MAX_BLOCK_BYTES >= bytes.length ? 1 : 0;
    head.writeUInt16LE(block.length, 1);
    head.writeUInt16LE(~block.length & 0xffff, 3);
    blocks.push(head, block);
  }
  return blocks;
}
