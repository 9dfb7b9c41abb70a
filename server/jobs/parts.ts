/**
 * Cuts rows out of a stored body of NDJSON or CSV: those from `offset` on, `limit` at most. A row ends at a line feed outside of
 * quotes; CSV's header line comes first in each part.
 */
import type { AnswerFormat } from '../../core/protocol/answer.ts';

const LINE_FEED = 0x0a;
const QUOTE = 0x22;

export interface Part {
  readonly offset: number;
  readonly limit: number;
}

/** Yields the bytes of the rows. */
export async function* rowsOf(
  pieces: AsyncIterable<Buffer>,
  format: Extract<AnswerFormat, 'ndjson' | 'csv'>,
  { offset, limit }: Part,
): AsyncGenerator<Buffer> {
  const first = format === 'csv' ? offset + 1 : offset;
  const end = first + limit;
  let line = 0;
  let isQuoted = false;
  for await (const piece of pieces) {
    let from = isWanted(line, format, first, end) ? 0 : -1;
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at];
      if (byte === QUOTE && format === 'csv') isQuoted = !isQuoted;
      if (byte !== LINE_FEED || isQuoted) continue;
      line++;
      const wanted = isWanted(line, format, first, end);
      if (from >= 0 && !wanted) {
        yield piece.subarray(from, at + 1);
        from = -1;
      } else if (from < 0 && wanted) from = at + 1;
      if (line >= end) return;
    }
    if (from >= 0 && from < piece.length) yield piece.subarray(from);
  }
}

/** In CSV line 0 is the header. */
function isWanted(line: number, format: 'ndjson' | 'csv', first: number, end: number): boolean {
  return (format === 'csv' && line === 0) || (line >= first && line < end);
}
