/**
 * Gathers CopyData payloads for the FIFO. Each row comes as a separate message, so a chunk from the socket is payload, header,
 * payload, header, ... The payloads are moved together inside their chunk, over the headers, and then copied out at once:
 * `copyWithin` costs a fifth of a `copy` per row, which makes an object each time (measured: 4 against 19 ms for 200,000 rows).
 *
 * The calling parser has read everything before `end`, so nothing that it still needs is overwritten.
 */
import type { ByteWriter } from '../kit/encode/byte-writer.ts';

export interface CopyDataGatherer {
  /** Takes bytes[start, end). The pieces of one chunk must come in order. */
  add(bytes: Buffer, start: number, end: number): void;
  /** Passes on the payloads that are still held. Must be called before the chunk is reused, and before the writer is flushed. */
  flush(): void;
}

export function gatherCopyData(writer: ByteWriter): CopyDataGatherer {
  let chunk: Buffer | null = null;
  let from = 0;
  let to = 0;

  function flush(): void {
    if (chunk !== null && to > from) writer.copy(chunk, from, to);
    chunk = null;
  }

  return {
    add(bytes, start, end) {
      if (bytes !== chunk) {
        flush();
        chunk = bytes;
        from = start;
        to = end;
        return;
      }
      bytes.copyWithin(to, start, end);
      to += end - start;
    },
    flush,
  };
}
