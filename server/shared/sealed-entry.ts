/**
 * A kept answer as it goes through Redis: the file of the entry, signed together with the name that it is kept under.
 *
 *   MAGIC (8 bytes) | HMAC-SHA-256 of the name and all that follows (32) | number of the last change that it knows (8) | file of the entry
 *
 * What is not signed with the configuration's key, or was signed for another name, is foreign.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type EntryDescription, readDescription } from '../results/entry.ts';

const MAGIC = Buffer.from('FKSHARE1');
const MAC_BYTES = 32;
const NUMBER_BYTES = 8;
const HEAD_BYTES = MAGIC.length + MAC_BYTES + NUMBER_BYTES;

export interface OpenedEntry {
  readonly description: EntryDescription;
  readonly stored: Buffer;
  /** The number of the last change that was known when its query began. */
  readonly asOf: number;
}

/** The bytes that a value has beside the file of its entry. */
export const SEAL_BYTES = HEAD_BYTES;

export function sealEntry(key: string, name: string, asOf: number, file: Buffer): Buffer {
  const number = Buffer.alloc(NUMBER_BYTES);
  number.writeDoubleLE(asOf);
  return Buffer.concat([MAGIC, macOf(key, name, number, file), number, file]);
}

/** Returns null for what is foreign or damaged. */
export async function openSealed(key: string, name: string, value: Buffer): Promise<OpenedEntry | null> {
  if (value.length < HEAD_BYTES || !value.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  const mac = value.subarray(MAGIC.length, MAGIC.length + MAC_BYTES);
  const number = value.subarray(MAGIC.length + MAC_BYTES, HEAD_BYTES);
  const file = value.subarray(HEAD_BYTES);
  if (!timingSafeEqual(mac, macOf(key, name, number, file))) return null;
  try {
    const description = await readDescription(fileIn(file), file.length);
    const stored = file.subarray(0, description.storedBytes);
    return crc32(stored) === description.storedCrc
      ? { description, stored, asOf: number.readDoubleLE() }
      : null;
  } catch {
    return null; // a DamagedEntry: a file that was damaged before it was signed
  }
}

function macOf(key: string, name: string, number: Buffer, file: Buffer): Buffer {
  return createHmac('sha256', key).update(`${name}\n`).update(number).update(file).digest();
}

function fileIn(bytes: Buffer) {
  return {
    read: (buffer: Buffer, offset: number, length: number, position: number) =>
      Promise.resolve({ bytesRead: bytes.copy(buffer, offset, position, position + length) }),
  };
}
