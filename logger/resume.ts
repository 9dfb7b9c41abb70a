/**
 * What the file has of a stream: asked for when a client or a file of lines comes whose stream this process knows
 * nothing of, because it was started after another logger died. Lines that may come again were written shortly
 * before that death, so a bounded tail is enough; not finding the stream means that nothing of it needs skipping.
 */
import { readStamp } from './line.ts';
import { readBlocksBackwards } from './reverse-blocks.ts';

const TAIL_BYTES = 64 * 1024 * 1024;
const NEWLINE = 0x0a;

/** The highest seq of the stream within the newest 64 MiB of the log; 0 when there is none. */
export async function findLastSeq(
  log: { readonly path: string; readonly maxFiles: number },
  stream: string,
): Promise<number> {
  for await (const block of readBlocksBackwards({ ...log, maxBytes: TAIL_BYTES })) {
    const seq = lastSeqIn(block, stream);
    if (seq > 0) return seq;
  }
  return 0;
}

function lastSeqIn(block: Buffer, stream: string): number {
  const needle = Buffer.from(`"stream":"${stream}"`);
  for (let at = block.lastIndexOf(needle); at !== -1; ) {
    // A negative byteOffset would count from the end.
    const start = at === 0 ? 0 : block.lastIndexOf(NEWLINE, at - 1) + 1;
    const stamp = readStamp(block.subarray(start, start + 512));
    if (stamp?.stream === stream) return stamp.seq;
    at = start === 0 ? -1 : block.lastIndexOf(needle, start - 1);
  }
  return 0;
}
