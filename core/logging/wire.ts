/**
 * Between a client and the logger, on the log socket: newline-delimited JSON both ways. Log lines begin with
 * `{"time":`, messages with `{"type":`. The order on a connection:
 *
 *   client  hello(id)                    logger  welcome(id, seq)      everything up to seq is in the file
 *   client  line, line, ...              logger  ack(seq)              write() has returned for all up to seq
 *
 * A client whose lines went round the socket (into a spill file) says hello again, on the same connection, and
 * sends nothing more before the welcome to it: the logger merges the spill file first, so that a stream's lines
 * reach the file in their order.
 */
import type { LogStats, LogSummary, SummaryFilter } from '../protocol/log-stats.ts';
import type { LogLevel } from './log.ts';

export type ToLogger =
  | {
      readonly type: 'hello';
      readonly id: number;
      readonly process: string;
      readonly role: string;
      readonly pid: number;
      readonly stream: string;
    }
  | Question;

/** Each has a connection of its own, and one answer. */
export type Question =
  | { readonly type: 'search'; readonly id: number; readonly filter: LogFilter }
  | { readonly type: 'stats'; readonly id: number }
  | { readonly type: 'summary'; readonly id: number; readonly filter: SummaryFilter };

export type FromLogger =
  | { readonly type: 'welcome'; readonly id: number; readonly seq: number }
  | { readonly type: 'ack'; readonly seq: number }
  | {
      readonly type: 'found';
      readonly id: number;
      readonly truncated: boolean;
      readonly lines: readonly unknown[];
      readonly unreadable?: readonly string[];
    }
  | { readonly type: 'stats'; readonly id: number; readonly stats: LogStats }
  | { readonly type: 'summary'; readonly id: number; readonly summary: LogSummary }
  /** To any question. */
  | { readonly type: 'failed'; readonly id: number; readonly message: string };

/** The conditions of the lines that are searched for; all that are given must hold. */
export interface LogFilter {
  /** Exactly this in the line's `queryId`. */
  readonly queryId?: string;
  /** This level and those above it. */
  readonly level?: LogLevel;
  /** Lines of this time and later; any date that Date.parse takes. */
  readonly since?: string;
  /** The newest this many, 1 to 10,000. */
  readonly limit: number;
}

const NEWLINE = 0x0a;

/**
 * A function to be fed with whatever arrives; gives whole lines with their line end, as views where they lie in
 * one chunk. Throws when a line grows past `maxBytes`.
 */
export function createLineSplitter(
  maxBytes: number,
  onLine: (line: Buffer) => void,
): (chunk: Buffer) => void {
  let pieces: Buffer[] = [];
  let pieceBytes = 0;
  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const tail = chunk.subarray(start, end + 1);
      start = end + 1;
      if (pieces.length === 0) {
        onLine(tail);
        continue;
      }
      const line = Buffer.concat([...pieces, tail]);
      pieces = [];
      pieceBytes = 0;
      onLine(line);
    }
    if (start === chunk.length) return;
    pieces.push(start === 0 ? chunk : chunk.subarray(start));
    pieceBytes += chunk.length - start;
    if (pieceBytes > maxBytes) throw new Error(`a line of more than ${maxBytes} bytes`);
  };
}

export function encodeMessage(message: ToLogger | FromLogger): string {
  return `${JSON.stringify(message)}\n`;
}
