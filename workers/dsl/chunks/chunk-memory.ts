/**
 * Memory outside of the heap that is used again and again by the inputs of one query after the other: what is new for each query makes V8 collect
 * the whole heap every few of them, with threads of its own beside.
 */

/** The most idle bytes that are kept: the chunks of an input of some twenty columns. */
const MOST_IDLE_BYTES = 4 * 1024 * 1024;
/** Larger pieces are left to the collector: few queries need them. */
const LARGEST_BYTES = 512 * 1024;

const IDLE = new Map<number, ArrayBuffer[]>();
let idleBytes = 0;

/** Returns memory of this size that holds zeros. */
export function takeMemory(bytes: number): ArrayBuffer {
  const found = IDLE.get(bytes)?.pop();
  if (found === undefined) return new ArrayBuffer(bytes);
  idleBytes -= bytes;
  // Values of one query must not stand under the nulls of another.
  new Uint8Array(found).fill(0);
  return found;
}

/** Takes back memory that nobody uses any more. */
export function giveMemory(memory: ArrayBuffer): void {
  const { byteLength } = memory;
  if (byteLength === 0 || byteLength > LARGEST_BYTES || idleBytes + byteLength > MOST_IDLE_BYTES) return;
  idleBytes += byteLength;
  const same = IDLE.get(byteLength);
  if (same === undefined) IDLE.set(byteLength, [memory]);
  else same.push(memory);
}
