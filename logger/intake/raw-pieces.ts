/**
 * Cuts raw output into the texts of log lines: a line each; a line that is too long in pieces marked `continued`,
 * never inside a UTF-8 character; a last line without its line end only when asked, marked `unfinished`. Pure.
 */

export interface RawPiece {
  readonly text: string;
  /** Offset in the given bytes just behind this piece (and its line end). */
  readonly end: number;
  /** The rest of the same line follows. */
  readonly continued?: true;
  /** No line end came. */
  readonly unfinished?: true;
}

/** Below what a log field holds. */
export const MAX_PIECE_BYTES = 24 * 1024;
const NEWLINE = 0x0a;

/** `consumed`: bytes that the pieces cover; what is behind them has to be given again, with more. */
export function cutRawOutput(
  bytes: Buffer,
  unfinishedToo: boolean,
): { pieces: RawPiece[]; consumed: number } {
  const pieces: RawPiece[] = [];
  let start = 0;
  while (start < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, start);
    const lineEnd = newline === -1 ? bytes.length : newline;
    if (lineEnd - start > MAX_PIECE_BYTES) {
      const end = characterStart(bytes, start + MAX_PIECE_BYTES);
      pieces.push({ text: bytes.toString('utf8', start, end), end, continued: true });
      start = end;
      continue;
    }
    if (newline === -1 && !unfinishedToo) break;
    const text = bytes.toString('utf8', start, lineEnd);
    if (newline === -1) pieces.push({ text, end: lineEnd, unfinished: true });
    else pieces.push({ text, end: newline + 1 });
    start = pieces.at(-1)!.end;
  }
  return { pieces, consumed: start };
}

/** The nearest offset at or before `at` where a UTF-8 character begins. */
function characterStart(bytes: Buffer, at: number): number {
  for (let start = at; start > at - 4; start -= 1) {
    if ((bytes[start]! & 0xc0) !== 0x80) return start;
  }
  return at; // the bytes are not UTF-8
}
