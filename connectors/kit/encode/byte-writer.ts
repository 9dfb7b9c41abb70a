/**
 * Collects bytes in buffers. `reserve(n)` makes room for n bytes; the encoders then write to `buffer` and `position` directly,
 * because they run once per value and must be fast. A full buffer is passed to `emit` and never touched again; its new owner
 * may keep it, or give it back to the stock that it came from.
 */
import { BufferStock, STOCK_BYTES } from '../../../core/process/buffer-stock.ts';

/** The sizes of the first buffer and of the following ones: most answers are small, and need only the first. */
const FIRST_BYTES = 16 * 1024;
const NEXT_BYTES = STOCK_BYTES;

/** A text that is written again and again, for `ByteWriter.constant`. */
export interface Constant {
  /** The text's bytes, four in each number; the last number is filled up with zeros. */
  readonly words: readonly number[];
  readonly length: number;
}

export function constantOf(text: string): Constant {
  const bytes = Buffer.from(text);
  const padded = Buffer.concat([bytes], Math.ceil(bytes.length / 4) * 4);
  const words = Array.from({ length: padded.length / 4 }, (_, index) => padded.readInt32LE(index * 4));
  return { words, length: bytes.length };
}

/** A stock from which writers take their buffers. */
export class WriterStock {
  readonly #first = new BufferStock(FIRST_BYTES);
  readonly #next = new BufferStock(NEXT_BYTES);

  takeFirst(): Buffer {
    return this.#first.take();
  }

  takeNext(): Buffer {
    return this.#next.take();
  }

  /** Takes a buffer back that a writer emitted and nobody reads any more. */
  give(bytes: Buffer): void {
    this.#first.give(bytes);
    this.#next.give(bytes);
  }
}

export class ByteWriter {
  buffer: Buffer;
  position = 0;
  /** A view of `buffer`. */
  #view: DataView;
  /** The bytes of all buffers emitted so far. */
  emittedBytes = 0;
  readonly #emit: (bytes: Buffer) => void;
  readonly #stock: WriterStock | null;

  constructor(emit: (bytes: Buffer) => void, stock: WriterStock | null = null) {
    this.#emit = emit;
    this.#stock = stock;
    this.buffer = stock === null ? Buffer.allocUnsafe(FIRST_BYTES) : stock.takeFirst();
    this.#view = viewOf(this.buffer);
  }

  get totalBytes(): number {
    return this.emittedBytes + this.position;
  }

  reserve(bytes: number): void {
    if (this.position + bytes > this.buffer.length) this.#next(bytes);
  }

  /** Writes a constant, four bytes at a time: in an answer with objects half of the bytes are column names. */
  constant({ words, length }: Constant): void {
    this.reserve(words.length * 4);
    const view = this.#view;
    const at = this.position;
    for (let index = 0; index < words.length; index++) view.setInt32(at + 4 * index, words[index]!, true);
    this.position += length; // the zeros at the end are overwritten by the next bytes
  }

  /** Copies bytes[start, end). */
  copy(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    this.reserve(length);
    const out = this.buffer;
    let position = this.position;
    // Calling `copy` costs as much as copying some forty bytes in this loop.
    if (length > 40) bytes.copy(out, position, start, end);
    else for (let index = start; index < end; index++) out[position++] = bytes[index]!;
    this.position += length;
  }

  /** Emits the bytes written so far. */
  flush(): void {
    if (this.position === 0) return;
    const full = this.buffer.subarray(0, this.position);
    this.emittedBytes += this.position;
    this.position = 0;
    this.buffer = NOTHING;
    this.#view = NO_VIEW;
    this.#emit(full);
  }

  #next(bytes: number): void {
    this.flush();
    const fromStock = this.#stock !== null && bytes <= NEXT_BYTES;
    this.#use(fromStock ? this.#stock.takeNext() : Buffer.allocUnsafeSlow(Math.max(NEXT_BYTES, bytes)));
  }

  #use(buffer: Buffer): void {
    this.buffer = buffer;
    this.#view = viewOf(buffer);
  }
}

const NOTHING: Buffer = Buffer.alloc(0);
const NO_VIEW = viewOf(NOTHING);

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Returns everything that `encode` writes, in one buffer. */
export function collectBytes(encode: (writer: ByteWriter) => void): Buffer {
  const pieces: Buffer[] = [];
  const writer = new ByteWriter((bytes) => pieces.push(bytes));
  encode(writer);
  writer.flush();
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}
