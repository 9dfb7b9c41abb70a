/** Reads files out of a ZIP archive that is in memory, as wheels and workbooks are. Archives beyond 4 GB are none of either. */
import { inflateRawSync } from 'node:zlib';

const END = 0x06054b50;
const END_BYTES = 22;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const MAX_COMMENT = 0xffff;
const STORED = 0;
const DEFLATED = 8;

export class NoZip extends Error {}

export interface ZipEntry {
  readonly name: string;
  /** The size of its content. */
  readonly bytes: number;
  /** Throws NoZip when the archive is damaged. */
  content(): Buffer;
}

/** Throws NoZip when it is no such archive. */
export function zipEntries(archive: Buffer): readonly ZipEntry[] {
  const end = endOf(archive);
  const count = archive.readUInt16LE(end + 10);
  const entries: ZipEntry[] = [];
  let at = archive.readUInt32LE(end + 16);
  for (let index = 0; index < count; index++) {
    if (at + ENTRY_BYTES > archive.length || archive.readUInt32LE(at) !== ENTRY) throw new NoZip();
    entries.push(entryAt(archive, at));
    const lengths = [28, 30, 32].map((place) => archive.readUInt16LE(at + place));
    at += ENTRY_BYTES + lengths.reduce((sum, length) => sum + length, 0);
  }
  return entries;
}

function endOf(archive: Buffer): number {
  const first = Math.max(0, archive.length - END_BYTES - MAX_COMMENT);
  for (let at = archive.length - END_BYTES; at >= first; at--)
    if (archive.readUInt32LE(at) === END) return at;
  throw new NoZip();
}

function entryAt(archive: Buffer, at: number): ZipEntry {
  const method = archive.readUInt16LE(at + 10);
  const packed = archive.readUInt32LE(at + 20);
  const bytes = archive.readUInt32LE(at + 24);
  const name = archive.toString('utf8', at + ENTRY_BYTES, at + ENTRY_BYTES + archive.readUInt16LE(at + 28));
  const local = archive.readUInt32LE(at + 42);
  return { name, bytes, content: () => contentOf(archive, { local, method, packed, bytes }) };
}

interface Packed {
  readonly local: number;
  readonly method: number;
  readonly packed: number;
  readonly bytes: number;
}

function contentOf(archive: Buffer, { local, method, packed, bytes }: Packed): Buffer {
  if (local + LOCAL_BYTES > archive.length) throw new NoZip();
  const from = local + LOCAL_BYTES + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const data = archive.subarray(from, from + packed);
  if (method === STORED) return data;
  if (method !== DEFLATED) throw new NoZip();
  try {
    return inflateRawSync(data, { maxOutputLength: Math.max(1, bytes) });
  } catch {
    throw new NoZip();
  }
}
