/**
 * Estimates what a value of plain data takes on the heap, for caches whose budget is in bytes. Strings count two bytes a
 * character, so that the estimate is rather too high than too low; what is referred to twice counts twice.
 */

/** Bytes that an object, an array or a string takes besides its content. */
const HEADER_BYTES = 24;
/** A member of an object or an item of an array. */
const SLOT_BYTES = 8;

/** Bytes of JSON-safe data, also of trees too deep for a recursion. */
export function heapBytesOf(value: unknown): number {
  let bytes = 0;
  const left: unknown[] = [value];
  while (left.length > 0) {
    const next = left.pop();
    bytes += SLOT_BYTES;
    if (typeof next === 'string') bytes += textBytes(next);
    else if (typeof next === 'object' && next !== null) {
      bytes += HEADER_BYTES;
      for (const item of Object.values(next)) left.push(item);
    }
  }
  return bytes;
}

/** Bytes of a string. */
export function textBytes(text: string): number {
  return HEADER_BYTES + 2 * text.length;
}
