/**
 * What a socket reads into, again and again: memory outside the heap that is new for each read makes V8 collect the whole
 * heap every few dozen megabytes, and stays until then. A buffer is filled again when every view of it was released;
 * who never releases one leaves its buffer to the collector.
 */

/** As much as a unix socket's buffer gives at once, more or less. */
const BUFFER_BYTES = 128 * 1024;
/** The most that idle buffers keep of the process's memory: 2 MB. */
const MOST_IDLE = 16;

export class ReadBuffer {
  readonly bytes = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #views = 0;

  /** Counts one view; returns what releases it, once. */
  hold(): () => void {
    this.#views++;
    return () => {
      if (--this.#views === 0 && idle.length < MOST_IDLE) idle.push(this);
    };
  }
}

/** Of this process. */
const idle: ReadBuffer[] = [];

export function takeReadBuffer(): ReadBuffer {
  return idle.pop() ?? new ReadBuffer();
}
