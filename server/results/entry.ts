/**
 * A kept result: the encoded body of an answer, without what belongs to one answer only (query id, times, the end of JSON and
 * NDJSON), and a description of it. On disk an entry is one file:
 *
 *   body | description (JSON) | length and checksum of the description (4 bytes each) | MAGIC (8 bytes)
 *
 * The description comes last because it has the body's length and checksum, which are known once the body is written. A file
 * that was cut has no MAGIC at its end; one that was changed fails a checksum. Both are damaged, and count as not there.
 */
import { crc32 } from 'node:zlib';
import type { AnswerFormat } from '../../core/protocol/answer.ts';
import type { PlanModels } from '../../core/protocol/models.ts';
import type { PlannedStage } from '../../core/protocol/plan.ts';

/** The end of every file; its last digit changes with the layout, so that files of an older layout count as damaged. */
const MAGIC = Buffer.from('FKRESLT2');
const FOOTER_BYTES = 8 + MAGIC.length;
/** The longest description: it has the beginning of the query's text and names of tables, no rows. */
const MAX_DESCRIPTION_BYTES = 256 * 1024;

/** The description that the store itself reads. */
export interface StoredBody {
  /** The form of the body in the file: as it is, or as raw DEFLATE blocks of which none is marked as the last. */
  readonly encoding: 'identity' | 'deflate';
  readonly storedBytes: number;
  readonly storedCrc: number;
  /** Length and CRC-32 of the body itself. */
  readonly bodyBytes: number;
  readonly bodyCrc: number;
}

/** A connection as the query used it. */
export interface UsedConnection {
  readonly name: string;
  /** The hash of what the name led to (core/protocol/server-config.ts). */
  readonly version: string;
}

/** A table that the query read. */
export interface UsedTable {
  readonly connection: string;
  /** null: found by the search path. */
  readonly schema: string | null;
  readonly name: string;
}

/** A file as it was when the result was made. */
export interface WatchedFile {
  readonly path: string;
  /** null: it was not there. */
  readonly stamp: string | null;
}

/** The facts about a result that do not depend on how it is stored. JSON-safe. */
export interface ResultFacts {
  /** `cache`: may be dropped for others. `job`: stays until it expires. `copy`: a job's result in another format, may be dropped. */
  readonly kind: 'cache' | 'job' | 'copy';
  readonly format: AnswerFormat;
  readonly rows: number;
  /** False when the request's own cap of rows cut the answer. */
  readonly complete: boolean;
  readonly placement: readonly { readonly stage: string; readonly where: PlannedStage['where'] }[];
  readonly warnings: readonly string[];
  /** The beginning of the query's text. */
  readonly query: string;
  /** The hash of the query's shape, its text without literals. */
  readonly shape: string;
  readonly connections: readonly UsedConnection[];
  /** null: not known, so that every table of the connections may be among them. */
  readonly tables: readonly UsedTable[] | null;
  /** The files that hold what was read, of sources whose files tell a change; left out without any. */
  readonly files?: readonly WatchedFile[];
  readonly tags: readonly string[];
  /** The models that were looked up for the query, with the versions that it read; version 0: there was none of that name. */
  readonly models: PlanModels['used'];
  /** When the query began, by the clock of changes (server/cache/changes.ts): what changed later is not in it. */
  readonly asOf: number;
  /** When the query began, in Unix ms. */
  readonly startedAt: number;
  /** The time that the query took. */
  readonly tookMs: number;
  readonly maxAgeMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
}

export type EntryDescription = ResultFacts & StoredBody;

export class DamagedEntry extends Error {}

/** Returns everything that follows the body in a file. */
export function footerOf(description: EntryDescription): Buffer {
  const text = Buffer.from(JSON.stringify(description));
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32LE(text.length, 0);
  lengths.writeUInt32LE(crc32(text), 4);
  return Buffer.concat([text, lengths, MAGIC]);
}

export interface ReadableFile {
  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
}

const FIRST_READ_BYTES = 4096;

/** Reads the description of a file of `fileBytes` bytes. Throws DamagedEntry. */
export async function readDescription(file: ReadableFile, fileBytes: number): Promise<EntryDescription> {
  let tail = await readEnd(file, fileBytes, Math.min(fileBytes, FIRST_READ_BYTES));
  if (tail.length < FOOTER_BYTES || !tail.subarray(-MAGIC.length).equals(MAGIC))
    throw new DamagedEntry('the end of the file is missing');
  const textBytes = tail.readUInt32LE(tail.length - FOOTER_BYTES);
  const crc = tail.readUInt32LE(tail.length - FOOTER_BYTES + 4);
  const needed = textBytes + FOOTER_BYTES;
  if (textBytes > MAX_DESCRIPTION_BYTES || needed > fileBytes)
    throw new DamagedEntry('the description has an impossible length');
  if (needed > tail.length) tail = await readEnd(file, fileBytes, needed);
  const text = tail.subarray(tail.length - needed, tail.length - FOOTER_BYTES);
  if (crc32(text) !== crc) throw new DamagedEntry('the description was changed');
  const description = JSON.parse(text.toString()) as EntryDescription; // the checksum says that footerOf wrote it
  if (description.storedBytes + needed !== fileBytes)
    throw new DamagedEntry('the body has another length than it was written with');
  return description;
}

async function readEnd(file: ReadableFile, fileBytes: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  await readWhole(file, buffer, fileBytes - length);
  return buffer;
}

/** Fills `buffer` from `position` on. Throws DamagedEntry when the file ends before. */
export async function readWhole(file: ReadableFile, buffer: Buffer, position: number): Promise<void> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) throw new DamagedEntry('the file ends too early');
    filled += bytesRead;
  }
}
