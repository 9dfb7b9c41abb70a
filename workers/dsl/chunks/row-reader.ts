/**
 * Finds the rows in a stream of wire bytes (core/protocol/wire-rows.ts), however it is cut into pieces, and in frames or not.
 *
 *   header --its last byte--> rows --the end mark--> ended
 *
 * The stream's bytes are gathered in one buffer: whoever reads them from a pipe reads them right into it (`room`, `took`). `next`
 * describes whole rows of it; what it described is given up with the next call of `room` or `push`. Every count and length
 * is checked against what is there before anybody follows it.
 */
import { QueryError } from '../../../core/protocol/errors.ts';
import {
  BATCH_HEAD_BYTES,
  BATCH_MARK,
  END_MARK,
  WIRE_FRAME,
  WIRE_FRAME_HEAD,
  WIRE_HEADER,
} from '../../../core/protocol/wire-rows.ts';
import { Batch, endAt, mostBatchBytes } from './batch.ts';
import { giveMemory, takeMemory } from './chunk-memory.ts';
import { corrupt } from './corrupt.ts';
import { CHUNK_ROWS, Fields, NULL_LENGTH, SLACK_BYTES } from './fields.ts';

/** Room for the rows of most queries on few rows; it grows with what comes. */
const FIRST_BYTES = 16 * 1024;
/** The most that a socket holds, by Linux' default: a read that may take more fetches no more. */
const MOST_ROOM = 208 * 1024;
const LEAST_ROOM = 4 * 1024;
const SIGNATURE_BYTES = 11;

export interface RowReaderOptions {
  readonly columns: number;
  /** The longest row, its lengths and count included. */
  readonly maxRowBytes: number;
}

export class RowReader {
  readonly #columns: number;
  readonly #maxRowBytes: number;
  readonly #fields: Fields;
  #state: 'header' | 'rows' | 'ended' = 'header';
  #bytes = new Uint8Array(takeMemory(FIRST_BYTES + SLACK_BYTES));
  #view = new DataView(this.#bytes.buffer);
  /** The range [from, to) of the bytes that were gathered and whose rows are not yet described. */
  #from = 0;
  #to = 0;
  /** The place behind the header. */
  #firstRow = 0;
  #isFramed = false;
  /** The bytes from `from` on that still belong to a frame whose head was read. */
  #frameLeft = 0;
  /** The length of the memory that was given out by `room`. */
  #offered = 0;
  /** Whether a read filled all the memory that it had: larger reads would be fewer. */
  #wasFilled = false;
  #needsRoom = false;

  constructor({ columns, maxRowBytes }: RowReaderOptions) {
    this.#columns = columns;
    this.#maxRowBytes = maxRowBytes;
    this.#fields = Fields.ofReader(columns);
  }

  /** Says whether the end mark was read: no row is missing then. */
  get ended(): boolean {
    return this.#state === 'ended';
  }

  /** Says whether a batch is here that has more rows than `next` was asked for. */
  get needsRoom(): boolean {
    return this.#needsRoom;
  }

  /** The number of bytes that were gathered and whose rows are not yet described. */
  get heldBytes(): number {
    return this.#to - this.#from;
  }

  /** Returns a copy of all bytes of the stream when they are here, from the first to the end mark, and no row was described yet; else null. */
  get wholeStream(): Uint8Array | null {
    if (this.#state !== 'rows' || this.#from !== this.#firstRow || !this.#reachesEnd()) return null;
    return this.#bytes.slice(0, this.#to);
  }

  /** Returns memory for the next bytes of the stream; `took` says how many were written into it. */
  room(): Uint8Array {
    this.#makeRoom();
    const end = Math.min(this.#bytes.length - SLACK_BYTES, this.#to + MOST_ROOM);
    this.#offered = end - this.#to;
    return this.#bytes.subarray(this.#to, end);
  }

  /** The next bytes stand at the beginning of the memory that `room` returned. */
  took(bytes: number): void {
    if (bytes === 0) return;
    if (this.ended) throw corrupt('bytes behind the end of the rows');
    this.#wasFilled = bytes >= this.#offered;
    this.#to += bytes;
    if (this.#state === 'header') this.#readHeader();
  }

  /** Takes a copy of the bytes. */
  push(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; ) {
      const room = this.room();
      const part = piece.subarray(at, at + room.length);
      room.set(part);
      this.took(part.length);
      at += part.length;
    }
  }

  /** Gives back its memory: nothing is read after it. */
  release(): void {
    giveMemory(this.#bytes.buffer);
    this.#state = 'ended';
    this.#from = this.#to = 0;
  }

  /**
   * Describes up to `most` whole rows, at most CHUNK_ROWS, or a batch of no more; their number is 0 when more bytes are needed, or none come, or
   * `needsRoom`.
   */
  next(most: number): Fields {
    const fields = this.#fields;
    fields.rows = 0;
    fields.batch = null;
    this.#needsRoom = false;
    fields.bytes = this.#bytes;
    fields.view = this.#view;
    if (this.#state !== 'rows') return fields;
    const limit = Math.min(most, CHUNK_ROWS);
    let row = 0;
    while (row < limit && this.#readRow(fields, row)) row++;
    fields.rows = row;
    if (row === 0 && this.#isAtBatch) this.#readBatch(fields, most);
    return fields;
  }

  /** Moves what is left to the front, or into a larger buffer, where the room behind it is too little. */
  #makeRoom(): void {
    const left = this.#to - this.#from;
    const capacity = this.#bytes.length - SLACK_BYTES;
    const wanted = this.#wasFilled ? MOST_ROOM : LEAST_ROOM;
    if (capacity - this.#to >= wanted) return;
    if (capacity - left >= wanted) this.#bytes.copyWithin(0, this.#from, this.#to);
    else this.#grow(left, 2 * capacity);
    this.#from = 0;
    this.#to = left;
  }

  #grow(left: number, capacity: number): void {
    const grown = new Uint8Array(takeMemory(capacity + SLACK_BYTES));
    grown.set(this.#bytes.subarray(this.#from, this.#from + left));
    giveMemory(this.#bytes.buffer);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  #readHeader(): void {
    this.#isFramed = this.#bytes[0] === WIRE_FRAME;
    const start = this.#isFramed ? WIRE_FRAME_HEAD : 0;
    const end = start + WIRE_HEADER.length;
    if (this.#to < end) return;
    for (let at = 0; at < SIGNATURE_BYTES; at++)
      if (this.#bytes[start + at] !== WIRE_HEADER[at]) throw corrupt('no header of binary rows');
    const extension = this.#view.getInt32(end - 4);
    if (extension < 0 || extension > this.#maxRowBytes) throw corrupt('a header of a wrong length');
    if (this.#to < end + extension) return;
    this.#from = this.#firstRow = end + extension;
    if (this.#isFramed) {
      this.#frameLeft = this.#frameBytes(0) - (this.#firstRow - start);
      if (this.#frameLeft < 0) throw corrupt('a header that is longer than its frame');
    }
    this.#state = 'rows';
  }

  /** Returns the number of bytes behind the head of the frame at `at`. */
  #frameBytes(at: number): number {
    const bytes = this.#view.getInt32(at + 1) - 4;
    if (this.#bytes[at] !== WIRE_FRAME || bytes <= 0) throw corrupt('a row outside of a frame');
    return bytes;
  }

  /** Follows the rows that are here; says whether the last thing here is the end mark. A row of a wrong form is left to `next`. */
  #reachesEnd(): boolean {
    const view = this.#view;
    let at = this.#from;
    let left = this.#frameLeft;
    for (;;) {
      if (this.#isFramed && left === 0) {
        if (this.#to - at < WIRE_FRAME_HEAD) return false;
        left = view.getInt32(at + 1) - 4;
        at += WIRE_FRAME_HEAD;
      }
      const start = at;
      if (this.#to - at < 2) return false;
      const count = view.getInt16(at);
      at += 2;
      if (count === END_MARK) return at === this.#to;
      if (count === BATCH_MARK) {
        if (this.#to - at < BATCH_HEAD_BYTES - 2) return false;
        at = endAt(view, at);
        continue;
      }
      if (count !== this.#columns) return false;
      for (let field = 0; field < count; field++) {
        if (this.#to - at < 4) return false;
        at += 4 + Math.max(0, view.getInt32(at));
      }
      left -= at - start;
    }
  }

  /** Reads one row; says whether there was a whole one. */
  #readRow({ starts, lengths }: Fields, row: number): boolean {
    const view = this.#view;
    const to = this.#to;
    let at = this.#from;
    let frame = this.#frameLeft;
    if (this.#isFramed && frame === 0) {
      if (to - at < WIRE_FRAME_HEAD) return false;
      frame = this.#frameBytes(at);
      at += WIRE_FRAME_HEAD;
    }
    const start = at;
    if (to - at < 2) return false;
    const count = view.getInt16(at);
    at += 2;
    if (count !== this.#columns) return this.#noRow(count, at);
    for (let index = row; index < starts.length; index += CHUNK_ROWS) {
      if (to - at < 4) return this.#partOfRow(at + 4 - start);
      const length = view.getInt32(at);
      at += 4;
      starts[index] = at;
      lengths[index] = length;
      if (length > 0) at += length;
      else if (length < NULL_LENGTH) throw corrupt(`a field of length ${length}`);
      if (at > to) return this.#partOfRow(at - start);
    }
    if (at - start > this.#maxRowBytes) throw longRow(this.#maxRowBytes);
    if (this.#isFramed) {
      this.#frameLeft = frame - (at - start);
      if (this.#frameLeft < 0) throw corrupt('a row that is longer than its frame');
    }
    this.#from = at;
    return true;
  }

  /** A row of at least so many bytes is not here yet. */
  #partOfRow(bytes: number): boolean {
    if (bytes > this.#maxRowBytes) throw longRow(this.#maxRowBytes);
    return false;
  }

  get #isAtBatch(): boolean {
    return (
      this.#state === 'rows' &&
      this.#to - this.#from >= BATCH_HEAD_BYTES &&
      this.#view.getInt16(this.#from) === BATCH_MARK
    );
  }

  #readBatch(fields: Fields, most: number): void {
    const at = this.#from + 2;
    const end = endAt(this.#view, at);
    if (end - at > mostBatchBytes(this.#columns, this.#maxRowBytes)) throw longRow(this.#maxRowBytes);
    if (end > this.#to) return;
    const batch = new Batch(this.#bytes, this.#view, at, this.#columns);
    if (batch.rows > most) {
      this.#needsRoom = true;
      return;
    }
    fields.batch = batch;
    fields.rows = batch.rows;
    this.#from = end;
  }

  /** `end`: the place behind what stands where a row's count would. */
  #noRow(count: number, end: number): boolean {
    if (count === BATCH_MARK && !this.#isFramed) return false;
    if (count !== END_MARK) throw corrupt(`a row of ${count} fields instead of ${this.#columns}`);
    this.#state = 'ended';
    if (this.#to > end) throw corrupt('bytes behind the end of the rows');
    return false;
  }
}

function longRow(maxRowBytes: number): QueryError {
  return new QueryError('bad-value', `a row that the stages read is longer than ${maxRowBytes} bytes`, {
    hint: 'Leave the long column out, or shorten it in the SQL part.',
    limit: { name: 'dslRowBytes', value: maxRowBytes },
  });
}
