/**
 * The index of a log file: one record for each block of about 256 KiB of whole lines, in the order of the file and
 * without gaps. A record tells what is in its block (query ids by their hash, levels, times, each stream's last seq), so
 * that a search reads only the blocks that may matter. The first record stands for no bytes: its streams are the last
 * seqs of all that was written before the file. Little-endian, each record a multiple of 8 bytes:
 *
 *    0 magic u32         16 bytes u32        32 newest f64        48 storedBytes u32   60 streams u32
 *    4 size u32          20 head crc32 u32   40 storedAt f64      52 levels u32        64 streams: 8 bytes id, f64 seq
 *    8 offset f64        24 oldest f64                            56 ids u32           then ids: u32, padded
 *
 * `head` is the crc32 of the block's first 512 bytes: whether a record is about this file. `stored` is where the block
 * lies in the file as it is on the disk; for a compressed one that differs from offset and bytes.
 */

export interface BlockRecord {
  readonly offset: number;
  readonly bytes: number;
  readonly head: number;
  /** Unix ms, of the lines' own times. */
  readonly oldestMs: number;
  readonly newestMs: number;
  readonly storedAt: number;
  readonly storedBytes: number;
  /** Bit n: there is a line of the level with rank n. */
  readonly levels: number;
  readonly streams: ReadonlyMap<string, number>;
  readonly ids: Uint32Array;
}

/** The number of bytes of a block that `head` covers. */
export const HEAD_BYTES = 512;
const MAGIC = 0x314b4c46;
const FIXED = 64;
const STREAM_BYTES = 16;
const STREAM_ID_BYTES = 8;
/** Far above what a block can have: what says more is no record. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024;

export function encodeRecord(record: BlockRecord): Buffer {
  const { streams, ids } = record;
  const size = FIXED + streams.size * STREAM_BYTES + Math.ceil(ids.length / 2) * 8;
  const bytes = Buffer.alloc(size);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(size, 4);
  bytes.writeDoubleLE(record.offset, 8);
  bytes.writeUInt32LE(record.bytes, 16);
  bytes.writeUInt32LE(record.head, 20);
  bytes.writeDoubleLE(record.oldestMs, 24);
  bytes.writeDoubleLE(record.newestMs, 32);
  bytes.writeDoubleLE(record.storedAt, 40);
  bytes.writeUInt32LE(record.storedBytes, 48);
  bytes.writeUInt32LE(record.levels, 52);
  bytes.writeUInt32LE(ids.length, 56);
  bytes.writeUInt32LE(streams.size, 60);
  let at = FIXED;
  for (const [stream, seq] of streams) {
    bytes.write(stream, at, STREAM_ID_BYTES, 'latin1');
    bytes.writeDoubleLE(seq, at + STREAM_ID_BYTES);
    at += STREAM_BYTES;
  }
  for (let i = 0; i < ids.length; i += 1) bytes.writeUInt32LE(ids[i]!, at + 4 * i);
  return bytes;
}

/** The size of the record at `at`; null when there is none, or only a part of it. */
export function recordSize(bytes: Buffer, at: number): number | null {
  if (at + FIXED > bytes.length || bytes.readUInt32LE(at) !== MAGIC) return null;
  const size = bytes.readUInt32LE(at + 4);
  const ids = bytes.readUInt32LE(at + 56);
  const streams = bytes.readUInt32LE(at + 60);
  const fits = size === FIXED + streams * STREAM_BYTES + Math.ceil(ids / 2) * 8;
  return fits && size <= MAX_RECORD_BYTES && at + size <= bytes.length ? size : null;
}

/**
 * A record that recordSize has found. `ids` and `streams` are read from the bytes: valid as long as those are. `bytes` begins at a multiple of 8 in its
 * memory, and so does `at`.
 */
export function decodeRecord(bytes: Buffer, at: number): BlockRecord {
  const idCount = bytes.readUInt32LE(at + 56);
  const streamCount = bytes.readUInt32LE(at + 60);
  const idsAt = at + FIXED + streamCount * STREAM_BYTES;
  return {
    offset: bytes.readDoubleLE(at + 8),
    bytes: bytes.readUInt32LE(at + 16),
    head: bytes.readUInt32LE(at + 20),
    oldestMs: bytes.readDoubleLE(at + 24),
    newestMs: bytes.readDoubleLE(at + 32),
    storedAt: bytes.readDoubleLE(at + 40),
    storedBytes: bytes.readUInt32LE(at + 48),
    levels: bytes.readUInt32LE(at + 52),
    // Searches, which read every record, do without.
    get streams() {
      return decodeStreams(bytes, at + FIXED, idsAt);
    },
    ids: new Uint32Array(bytes.buffer, bytes.byteOffset + idsAt, idCount),
  };
}

function decodeStreams(bytes: Buffer, start: number, end: number): ReadonlyMap<string, number> {
  const streams = new Map<string, number>();
  for (let at = start; at < end; at += STREAM_BYTES) {
    const stream = bytes.toString('latin1', at, at + STREAM_ID_BYTES);
    streams.set(stream, bytes.readDoubleLE(at + STREAM_ID_BYTES));
  }
  return streams;
}

/** FNV-1a with a last mix; of the id's bytes. */
export function hashId(bytes: Buffer, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
