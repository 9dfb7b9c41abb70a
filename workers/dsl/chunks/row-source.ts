/**
 * The rows of one input between the socket that brings their bytes and the engine that asks for them.
 *
 *   closed --open(columns wanted)--> open --its end was read--> ended
 *      |                               |
 *      +------ bytes that do not fit --+--> failed: `take` throws what went wrong, after the rows before it
 *
 * Bytes are decoded when they come, while the engine works on what it took before. A few chunks wait ready; when they are as
 * many as may wait, `isFull` says so and the socket is to be paused until `onRoom`.
 */
import { FEW_ROWS_BYTES } from '../../../core/protocol/dsl-worker.ts';
import { Chunk } from './chunk.ts';
import { corrupt } from './corrupt.ts';
import type { WireColumn } from './decoders.ts';
import { RowReader } from './row-reader.ts';

/** The number of chunks that are kept ready; each has 2,048 rows, or some 512 KB of long values. */
const READY_CHUNKS = 6;

export interface RowSourceOptions {
  readonly columns: readonly WireColumn[];
  readonly maxRowBytes: number;
  /** More bytes may be pushed after `isFull`. */
  onRoom(): void;
}

export class RowSource {
  readonly columns: readonly WireColumn[];
  readonly #reader: RowReader;
  readonly #onRoom: () => void;
  #places: readonly number[] | null = null;
  readonly #ready: Chunk[] = [];
  readonly #free: Chunk[] = [];
  /** The chunk that rows are added to. */
  #filling: Chunk | null = null;
  #failure: Error | null = null;
  #raised: Error | null = null;
  #isFull = false;
  #isReleased = false;
  /** Rows that were read. */
  rows = 0;

  constructor({ columns, maxRowBytes, onRoom }: RowSourceOptions) {
    this.columns = columns;
    this.#reader = new RowReader({ columns: columns.length, maxRowBytes });
    this.#onRoom = onRoom;
  }

  /** Says whether bytes wait that cannot be decoded yet. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** The number of chunks that wait for the engine. */
  get readyChunks(): number {
    return this.#ready.length;
  }

  /**
   * Returns all bytes of an input of few rows, once all of it has come before the engine opened it. 'not yet': more may come;
   * null: it has too many rows for that, or failed.
   */
  get wholeStream(): Uint8Array | 'not yet' | null {
    if (this.#places !== null || this.#failure !== null) return null;
    return this.#reader.wholeStream ?? (this.#isFull ? null : 'not yet');
  }

  /** The engine asks for these columns, by their indexes. */
  open(places: readonly number[]): void {
    if (this.#places !== null) throw new Error('an input is read once');
    this.#places = places;
    this.#refill();
  }

  /** Returns memory for the wire's next bytes; `took` says how many were written into it. Valid until the next call of `room` or `push`. */
  room(): Uint8Array {
    return this.#reader.room();
  }

  took(bytes: number): void {
    this.#gather(() => this.#reader.took(bytes));
  }

  /** Takes a copy of bytes of the wire. */
  push(piece: Uint8Array): void {
    this.#gather(() => this.#reader.push(piece));
  }

  /** Tells that no more bytes come. */
  end(): void {
    const isUnread = this.#isFull || (this.#places === null && this.#reader.heldBytes > 0);
    if (!isUnread && !this.#reader.ended) this.#failure ??= corrupt('they stop before their end');
  }

  /** The engine shall see this error instead of more rows, of those too that are here. */
  fail(cause: Error): void {
    this.#failure ??= cause;
    this.#ready.length = 0;
    this.#filling = null;
  }

  /** Gives back its memory: nothing is read or taken after it. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#failure ??= new Error('the input was released');
    for (const chunk of [...this.#ready, ...this.#free]) chunk.release();
    this.#filling?.release();
    this.#ready.length = this.#free.length = 0;
    this.#filling = null;
    this.#reader.release();
  }

  /** The error that `take` threw: the engine knows its text only. */
  get raised(): Error | null {
    return this.#raised;
  }

  /**
   * The next rows, to be given back; null: they have yet to come. 'ended': there are no more. Throws what `fail` was told. `least`
   * says how many rows are worth taking while more may come: below it they have yet to come too.
   */
  take(least = 1): Chunk | 'ended' | null {
    const chunk = this.#ready.shift() ?? this.#takeFilling(least);
    if (chunk !== null) return chunk;
    if (this.#failure !== null) {
      this.#raised = this.#failure;
      throw this.#failure;
    }
    return this.#reader.ended ? 'ended' : null;
  }

  /** A chunk that was copied is filled again; call it after the engine got its rows, since it decodes. */
  giveBack(chunk: Chunk): void {
    if (this.#isReleased) return void chunk.release();
    chunk.clear();
    this.#free.push(chunk);
    if (this.#isFull && this.#ready.length <= READY_CHUNKS / 2) this.#refill();
  }

  #gather(read: () => void): void {
    if (this.#failure !== null) return;
    try {
      read();
      this.#decode();
    } catch (thrown) {
      this.#failure ??= thrown as Error;
    }
  }

  #takeFilling(least: number): Chunk | null {
    const chunk = this.#filling;
    const isLast = this.#reader.ended || this.#failure !== null;
    if (chunk === null || chunk.rows < (isLast ? 1 : least)) return null;
    this.#filling = null;
    return chunk;
  }

  #refill(): void {
    try {
      this.#decode();
    } catch (thrown) {
      this.#failure ??= thrown as Error;
    }
    if (!this.#isFull) this.#onRoom();
  }

  #decode(): void {
    this.#isFull = this.#places === null && this.#reader.heldBytes >= FEW_ROWS_BYTES;
    while (this.#places !== null && this.#failure === null) {
      if (this.#ready.length >= READY_CHUNKS) {
        this.#isFull = true;
        return;
      }
      this.#filling ??= this.#free.pop() ?? new Chunk(this.columns, this.#places);
      const fields = this.#reader.next(this.#filling.room);
      if (fields.rows === 0 && !this.#reader.needsRoom) return;
      if (fields.rows > 0) this.#filling.read(fields);
      this.rows += fields.rows;
      if (!this.#filling.isFull && !this.#reader.needsRoom) continue;
      this.#ready.push(this.#filling);
      this.#filling = null;
    }
  }
}
