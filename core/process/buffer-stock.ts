/**
 * Buffers that are filled again and again: memory outside the heap that is new for each 128 KB of an answer makes V8
 * collect the whole heap every fifty answers of 5,000 rows, which cost a fifth of a SQL worker's time, and stays resident
 * until then.
 */

export const STOCK_BYTES = 128 * 1024;
/** The most that idle buffers keep of a process's memory: 2 MB of the usual size. */
const MOST_IDLE = 16;

export class BufferStock {
  /** Size of each buffer. */
  readonly bytes: number;
  readonly #idle: Buffer[] = [];

  constructor(bytes = STOCK_BYTES) {
    this.bytes = bytes;
  }

  take(): Buffer {
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(this.bytes);
  }

  /** Takes back a buffer, or a view of one, that nobody reads any more. Buffers of other sizes are left to the collector. */
  give(bytes: Buffer): void {
    if (bytes.buffer.byteLength === this.bytes && this.#idle.length < MOST_IDLE)
      this.#idle.push(Buffer.from(bytes.buffer));
  }
}
