/**
 * VARCHAR and BLOB. The engine keeps a string in 16 bytes: its length, then either all of it (up to 12 bytes), or its first 4
 * bytes and where it lies. Long ones are gathered here in one buffer, which the engine takes over in one call as if it
 * were one string; what it then says of that string is where all of them lie. A call for each value takes 3 times as long.
 *
 * The engine trusts a VARCHAR to be UTF-8, so it is checked here. Bytes are moved in words of four: some behind the end are
 * read, which the reader's buffer has room for, and masked out.
 */
import { isUtf8 } from 'node:buffer';
import duckdb, { type Vector } from '@duckdb/node-bindings';
import { BatchForm } from '../../../core/protocol/wire-rows.ts';
import { type BatchColumn, isThere } from './batch.ts';
import { giveMemory, takeMemory } from './chunk-memory.ts';
import { ChunkColumn } from './column.ts';
import { corrupt } from './corrupt.ts';
import { CHUNK_ROWS, Fields, NULL_LENGTH, SLACK_BYTES } from './fields.ts';
import { invalidValue } from './invalid-value.ts';

const STRING_BYTES = 16;
const WORDS = STRING_BYTES / 4;
const INLINED_BYTES = 12;
const FIRST_LONG_BYTES = 64 * 1024;
/** The number of bytes from which on a call is faster than a loop. */
const CALL_BYTES = 128;
const HIGH_BITS = 0x8080_8080 | 0;
const WORD = 2 ** 32;
/** The first two bits of a byte of UTF-8; those of one that begins no character. */
const [FIRST_BITS, LATER_BYTE] = [0xc0, 0x80];

/** `MASKS[3 * length + word]` keeps what belongs to a string of up to 12 bytes. */
const MASKS = Int32Array.from({ length: 3 * (INLINED_BYTES + 1) }, (_, index) => {
  const bytes = Math.floor(index / 3) - 4 * (index % 3);
  if (bytes >= 4) return -1;
  return bytes <= 0 ? 0 : 2 ** (8 * bytes) - 1;
});

/** The places of a batch's texts, for as long as they are read. */
const OF_BATCH = Fields.ofOneColumn();

const NOTHING = OF_BATCH.view;
const NO_BYTES = OF_BATCH.bytes;

export type StringKind = 'text' | 'jsonb' | 'bytes';

export class TextColumn extends ChunkColumn {
  readonly #kind: StringKind;
  /** Whether each text is still to be checked. */
  #isChecked: boolean;
  readonly #strings = new Int32Array(takeMemory(CHUNK_ROWS * STRING_BYTES));
  #long = new Uint8Array(new ArrayBuffer(0));
  #longView = new DataView(this.#long.buffer);
  #longBytes = 0;

  constructor(name: string, kind: StringKind) {
    super(name);
    this.#kind = kind;
    this.#isChecked = kind !== 'bytes';
  }

  override get extraBytes(): number {
    return this.#longBytes;
  }

  override clear(): void {
    super.clear();
    this.#longBytes = 0;
  }

  override release(): void {
    giveMemory(this.#strings.buffer);
    giveMemory(this.#long.buffer);
  }

  read(fields: Fields, column: number, row: number): void {
    const { view, starts, lengths, rows } = fields;
    const strings = this.#strings;
    const skipped = this.#kind === 'jsonb' ? 1 : 0;
    const checked = this.#isChecked;
    const first = column * CHUNK_ROWS;
    for (let index = 0; index < rows; index++) {
      const length = lengths[first + index]! - skipped;
      const at = WORDS * (row + index);
      if (length < 0) {
        this.#readNull(row + index, lengths[first + index]!);
        continue;
      }
      const start = starts[first + index]! + skipped;
      if (skipped === 1) this.#checkVersion(fields, start - 1);
      strings[at] = length;
      if (length > INLINED_BYTES) {
        this.#readLong(fields, start, length, at);
        continue;
      }
      const mask = 3 * length;
      const word1 = view.getInt32(start, true) & MASKS[mask]!;
      const word2 = view.getInt32(start + 4, true) & MASKS[mask + 1]!;
      const word3 = view.getInt32(start + 8, true) & MASKS[mask + 2]!;
      strings[at + 1] = word1;
      strings[at + 2] = word2;
      strings[at + 3] = word3;
      if (checked && ((word1 | word2 | word3) & HIGH_BITS) !== 0) this.#checkText(fields, start, length);
    }
  }

  protected override get forms(): readonly BatchForm[] {
    return this.#kind === 'jsonb' ? [] : [BatchForm.texts];
  }

  protected override readValues(column: BatchColumn, row: number): void {
    const { view, bytes, rows, values } = column;
    const { starts, lengths } = OF_BATCH;
    const first = values + 4 * (rows + 1);
    const most = view.getInt32(first - 4, true);
    let start = view.getInt32(values, true);
    if (start !== 0) throw corrupt(`texts from byte ${start} on in column ${this.name}`);
    for (let index = 0; index < rows; index++) {
      const end = view.getInt32(values + 4 * (index + 1), true);
      if (end < start || end > most) throw corrupt(`a text from ${start} to ${end} in column ${this.name}`);
      starts[index] = first + start;
      lengths[index] = isThere(column, index) ? end - start : NULL_LENGTH;
      start = end;
    }
    OF_BATCH.view = view;
    OF_BATCH.bytes = bytes;
    OF_BATCH.rows = rows;
    this.#isChecked = this.#kind === 'text' && !areTexts(OF_BATCH, first + start);
    this.read(OF_BATCH, 0, row);
    this.#isChecked = this.#kind !== 'bytes';
    OF_BATCH.view = NOTHING;
    OF_BATCH.bytes = NO_BYTES;
  }

  protected copyValues(vector: Vector, rows: number): void {
    if (this.#longBytes > 0) this.#giveLong(vector, rows);
    duckdb.copy_data_to_vector(vector, 0, this.#strings.buffer, 0, rows * STRING_BYTES);
  }

  /** The engine reads no null, but nothing here shall point anywhere. */
  #readNull(row: number, length: number): void {
    this.readAbsent(row, length);
    this.#strings.fill(0, WORDS * row, WORDS * (row + 1));
  }

  #readLong(fields: Fields, start: number, length: number, at: number): void {
    if (length >= WORD / 2) throw corrupt(`a text of ${length} bytes`);
    const offset = this.#longBytes;
    if (offset + length + SLACK_BYTES > this.#long.length) this.#grow(offset + length + SLACK_BYTES);
    this.#strings[at + 1] = fields.view.getInt32(start, true);
    this.#strings[at + 2] = offset;
    const isAscii =
      length > CALL_BYTES
        ? this.#copyByCall(fields, start, length, offset)
        : this.#copyInWords(fields, start, length, offset);
    this.#longBytes = offset + length;
    if (!isAscii && this.#isChecked) this.#checkText(fields, start, length);
  }

  /** False when it may be other than ASCII: a byte behind the end may be. */
  #copyInWords({ view }: Fields, start: number, length: number, offset: number): boolean {
    const target = this.#longView;
    let bits = 0;
    for (let at = 0; at < length; at += 4) {
      const word = view.getInt32(start + at, true);
      bits |= word;
      target.setInt32(offset + at, word, true);
    }
    return (bits & HIGH_BITS) === 0;
  }

  #copyByCall({ bytes }: Fields, start: number, length: number, offset: number): false {
    this.#long.set(bytes.subarray(start, start + length), offset);
    return false;
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(takeMemory(Math.max(needed, 2 * this.#long.length, FIRST_LONG_BYTES)));
    grown.set(this.#long.subarray(0, this.#longBytes));
    giveMemory(this.#long.buffer);
    this.#long = grown;
    this.#longView = new DataView(grown.buffer);
  }

  /** Hands the long strings to the vector and writes where each now lies. */
  #giveLong(vector: Vector, rows: number): void {
    duckdb.vector_assign_string_element_len(vector, 0, this.#long.subarray(0, this.#longBytes));
    const given = duckdb.vector_get_data(vector, STRING_BYTES);
    const { buffer, byteOffset } = given;
    const view = new DataView(buffer, byteOffset, STRING_BYTES);
    // A single long string of up to 12 bytes does not exist, so this is not an inlined one.
    if (view.getUint32(0, true) !== this.#longBytes) throw corrupt('the engine took other bytes');
    const low = view.getUint32(8, true);
    const high = view.getUint32(12, true);
    const strings = this.#strings;
    for (let at = 0; at < WORDS * rows; at += WORDS) {
      if (strings[at]! <= INLINED_BYTES) continue;
      const sum = low + (strings[at + 2]! >>> 0);
      strings[at + 2] = sum;
      strings[at + 3] = high + (sum >= WORD ? 1 : 0);
    }
  }

  #checkVersion({ bytes }: Fields, start: number): void {
    if (bytes[start] !== 1) throw corrupt(`jsonb of version ${bytes[start]} in column ${this.name}`);
  }

  #checkText({ bytes }: Fields, start: number, length: number): void {
    const text = bytes.subarray(start, start + length);
    if (!isUtf8(text))
      throw invalidValue(
        this.name,
        Buffer.from(text).toString(),
        'text in UTF-8',
        'cast it in the SQL to a type of bytes',
      );
  }
}

/** Says whether all texts of a batch, of which the last ends at `end`, are UTF-8: by a look at all bytes and one at the first of each. */
function areTexts({ bytes, starts, rows }: Fields, end: number): boolean {
  if (!isUtf8(bytes.subarray(starts[0]!, end))) return false;
  for (let index = 0; index < rows; index++)
    if (starts[index]! < end && (bytes[starts[index]!]! & FIRST_BITS) === LATER_BYTE) return false;
  return true;
}
