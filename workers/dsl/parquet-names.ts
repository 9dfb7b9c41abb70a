/**
 * Names of Parquet's columns that the engine cannot write: it takes names that differ only by case for one, and gives
 * the second another name without a word. Such a file is written with stand-ins for the names, and the stand-ins are
 * replaced in the footer, which is the file's end and all of it that has names.
 *
 *   PAR1 | pages of rows ... | footer | length of the footer, 4 bytes | PAR1
 *
 * The footer is Thrift's compact protocol: a text is its length in bytes as a varint, then its bytes, and nothing counts
 * the bytes of what surrounds it. Where pages lie is told from the file's beginning, and the footer comes after them.
 * So a name is replaced where it stands. A stand-in holds 128 random bits, so that no value is one.
 */
import { randomBytes } from 'node:crypto';
import type { Column } from '../../core/protocol/types.ts';
import type { AnswerEnding } from './answer-ending.ts';

const INDEX_DIGITS = 6;
/** The footer begins less than this before its first column: the file's version, its root, the column's other fields. */
const FOOTER_HEAD_BYTES = 256;
/** The number of bytes after the footer: the footer's length, and the magic word. */
const FILE_END_BYTES = 8;

export interface StandIns {
  readonly prefix: string;
  /** The stand-ins of the columns, in their order. */
  readonly names: readonly string[];
}

/** Returns stand-ins for names that differ by case only; null: the engine writes these names as they are. */
export function standInsFor(columns: readonly Column[]): StandIns | null {
  const letters = new Set(columns.map(({ name }) => name.toLowerCase()));
  if (letters.size === columns.length) return null;
  const prefix = `${randomBytes(16).toString('hex')}_`;
  return {
    prefix,
    names: columns.map((_, index) => `${prefix}${String(index).padStart(INDEX_DIGITS, '0')}`),
  };
}

/** Puts the columns' names into the footer; the pages pass as they come. Throws when the file is not what is said above. */
export function nameColumns(standIns: StandIns, columns: readonly Column[]): AnswerEnding {
  const first = Buffer.from(standIns.prefix);
  let held: Buffer[] = [];
  let last: Buffer = Buffer.alloc(0);
  let footerSeen = false;

  /** Keeps as much as may be the beginning of the footer. */
  function searchFooter(block: Buffer): Buffer {
    const joined = Buffer.concat([last, block]);
    const at = joined.indexOf(first);
    footerSeen = at !== -1;
    const kept = Math.max(0, (footerSeen ? at : joined.length) - FOOTER_HEAD_BYTES);
    if (footerSeen) held = [joined.subarray(kept)];
    else last = joined.subarray(kept);
    return joined.subarray(0, kept);
  }

  return {
    pass(block) {
      if (!footerSeen) return searchFooter(block);
      held.push(block);
      return Buffer.alloc(0);
    },
    end() {
      return renameFooter(Buffer.concat(held), standIns, columns);
    },
  };
}

/** The end of a file, from before its footer on, with the columns' names. */
function renameFooter(end: Buffer, standIns: StandIns, columns: readonly Column[]): Buffer {
  const footerEnd = end.length - FILE_END_BYTES;
  const start = footerEnd < 0 ? -1 : footerEnd - end.readUInt32LE(footerEnd);
  const places = start < 0 ? [] : placesOf(standIns, end, footerEnd);
  if (start < 0 || places.length === 0 || places[0]!.at < start)
    throw new Error('the engine wrote a Parquet file whose footer was not found');
  const pieces: Buffer[] = [];
  let from = 0;
  for (const { at, index } of places) {
    const name = Buffer.from(columns[index]!.name);
    pieces.push(end.subarray(from, at), varint(name.length), name);
    from = at + 1 + standIns.names[index]!.length;
  }
  pieces.push(end.subarray(from, footerEnd), end.subarray(footerEnd));
  const named = Buffer.concat(pieces);
  named.writeUInt32LE(named.length - FILE_END_BYTES - start, named.length - FILE_END_BYTES);
  return named;
}

/** Returns the offsets of the stand-ins in a footer, where their lengths (one byte each) begin. */
function placesOf(
  { prefix, names }: StandIns,
  footer: Buffer,
  footerEnd: number,
): { at: number; index: number }[] {
  const wanted = Buffer.concat([varint(names[0]!.length), Buffer.from(prefix)]);
  const places: { at: number; index: number }[] = [];
  for (let at = footer.indexOf(wanted); at !== -1 && at < footerEnd; at = footer.indexOf(wanted, at + 1)) {
    const digits = footer.toString('latin1', at + wanted.length, at + wanted.length + INDEX_DIGITS);
    places.push({ at, index: Number(digits) });
  }
  return places;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
