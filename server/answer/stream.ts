/**
 * Writes the answer to the client. The first `bufferBytes` are held back, so that a failure before that can still be answered
 * with its own HTTP status; after that the answer streams.
 *
 *   buffering --over bufferBytes--> streaming --finish--> ended
 *       |  finish: status 200, exact length            |
 *       |  fail: problem document with its status      | fail: NDJSON ends with an @error line; everything else is
 *       v                                              v       cut without a valid end
 *     ended                                          ended
 *
 * A cut answer lacks the last chunk of the chunked encoding. HTTP/1.0 has no such encoding, and a closed connection means
 * that the body is complete: there the connection is reset instead. The last bytes of a streamed answer are held back until
 * it is known that the query succeeded (held-end.ts).
 *
 * The server's memory per answer is bounded by `bufferBytes`, the held end and the socket's high-water mark: `write` returns
 * false when the client is slow, and the callback of `onDrain` tells when to go on.
 */
import type { ServerResponse } from 'node:http';
import type { AnswerFormat } from '../../core/protocol/answer.ts';
import type { WireError } from '../../core/protocol/errors.ts';
import { HeldEnd } from './held-end.ts';
import { PROBLEM_TYPE, type Problem, problemOf } from './problem.ts';
import type { AnswerEnd, QueryAnswer } from './query-answer.ts';
import { matchesTag, type Revalidation, weakTag } from './revalidation.ts';
import { SECURITY_HEADERS, setSecurityHeaders } from './security-headers.ts';

export const CONTENT_TYPES: Record<AnswerFormat, string> = {
  json: 'application/json; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  arrow: 'application/vnd.apache.arrow.stream',
  parquet: 'application/vnd.apache.parquet',
};

const LINE_FEED = 0x0a;
/** The largest body that is copied behind the head to leave in one write; for a larger one two writes are cheaper. */
const ONE_WRITE_BYTES = 16 * 1024;

export interface AnswerStreamOptions {
  readonly response: ServerResponse;
  readonly format: AnswerFormat;
  /** Whether NDJSON ends with a line of the server's. Without it, a failure cuts the answer as in the other formats. */
  readonly endLine: boolean;
  readonly queryId: string;
  readonly queryText: string;
  /** The value of the header `traceresponse`; left out when the answer has none. */
  readonly traceresponse?: string;
  /** Further headers of a successful answer: names and values alternately. */
  readonly headers?: readonly string[];
  /** Returns the headers about keeping the answer, when its head is sent; left out: those that forbid it. */
  readonly cacheHeaders?: () => readonly string[];
  /** Left out: the answer is not for caches. */
  readonly revalidation?: Revalidation | undefined;
  readonly bufferBytes: number;
  /** Called once, when the answer is too large to be held back and begins to stream. */
  readonly onStreaming?: () => void;
}

/** Bytes that wait until the answer's status is known, and the function to call once they may be reused. */
interface Waiting {
  readonly bytes: Buffer;
  release(): void;
}

export class AnswerStream implements QueryAnswer {
  readonly #options: AnswerStreamOptions;
  #state: 'buffering' | 'streaming' | 'ended' = 'buffering';
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** The held end; null until streaming starts. */
  #held: HeldEnd | null = null;
  #lastByteSent = LINE_FEED;
  #resume = (): void => {};

  constructor(options: AnswerStreamOptions) {
    this.#options = options;
  }

  /** Sets the function to call when the client can take more again. */
  onDrain(resume: () => void): void {
    this.#resume = resume;
  }

  get streaming(): boolean {
    return this.#state === 'streaming';
  }

  /**
   * Writes bytes of the answer and calls `release` once they may be reused. Returns false when the client cannot take more
   * now. Bytes after the end are dropped, since the query was ended.
   */
  write(bytes: Buffer, release: () => void): boolean {
    if (this.#state === 'streaming') return this.#send(bytes, release);
    if (this.#state === 'ended') {
      release();
      return true;
    }
    this.#waiting.push({ bytes, release });
    this.#waitingBytes += bytes.length;
    return this.#waitingBytes <= this.#options.bufferBytes ? true : this.#startStreaming();
  }

  /** Drops all bytes written so far, so that the answer can start again. Returns false when some were sent already. */
  restart(): boolean {
    if (this.#state !== 'buffering') return false;
    this.#dropWaiting();
    return true;
  }

  /** Sends the headers of an answer without a body. */
  head(): void {
    const { response } = this.#options;
    response.writeHead(200, this.#headers());
    response.end();
    this.#end();
  }

  finish(end: AnswerEnd): void {
    if (this.#state === 'ended') return;
    const { response, format, endLine } = this.#options;
    const tail = answerTail(format, endLine, end);
    if (this.#state === 'buffering') {
      const tailBytes = Buffer.byteLength(tail);
      const bodyBytes = this.#waitingBytes + tailBytes;
      const headers = this.#headers();
      if (this.#isKnown(headers, end)) return;
      headers.push('Server-Timing', end.serverTiming, 'Forkline-Row-Count', String(end.rows));
      headers.push('Forkline-Complete', String(end.complete), 'Content-Length', String(bodyBytes));
      response.writeHead(200, headers);
      // The head and body of a short answer leave as one text in one write.
      if (bodyBytes <= ONE_WRITE_BYTES)
        response.end(this.#waitingText() + latin1Of(tail, tailBytes), 'latin1');
      else
        response.end(
          Buffer.concat([...this.#waiting.map(({ bytes }) => bytes), Buffer.from(tail)], bodyBytes),
        );
    } else {
      if (response.useChunkedEncodingByDefault)
        response.addTrailers({
          'Server-Timing': end.serverTiming,
          'Forkline-Row-Count': String(end.rows),
          'Forkline-Complete': String(end.complete),
        });
      this.#writeAll(this.#held!.takeAll());
      response.end(tail);
    }
    this.#end();
  }

  /** Adds the tag of an answer for caches. Answers 304, and returns true, when the client has it already. */
  #isKnown(headers: string[], { complete }: AnswerEnd): boolean {
    const { revalidation, response } = this.#options;
    if (revalidation === undefined) return false;
    const rows = this.#waiting.map(({ bytes }) => bytes);
    const tag = weakTag(revalidation.seed, rows, complete);
    headers.push('ETag', tag);
    if (!matchesTag(revalidation.ifNoneMatch, tag)) return false;
    response.writeHead(304, headers);
    response.end();
    this.#end();
    return true;
  }

  fail(error: WireError): void {
    if (this.#state === 'ended') return;
    const { response, queryId, queryText, format, endLine } = this.#options;
    const problem = problemOf(error, { queryId, queryText });
    if (this.#state === 'buffering' && !response.headersSent) this.#sendProblem(problem, error);
    else if (this.#state === 'streaming' && format === 'ndjson' && endLine) {
      // A row that was too long to be held back ends here, incomplete: the line after it tells why.
      const lineEnd = this.#lastByteSent === LINE_FEED ? '' : '\n';
      response.end(`${lineEnd}${JSON.stringify({ '@error': problem })}\n`);
    } else this.#cut();
    this.#end();
  }

  #sendProblem(problem: Problem, { retryAfterSeconds }: WireError): void {
    const { response, queryId, traceresponse } = this.#options;
    response.statusCode = problem.status;
    setSecurityHeaders(response);
    response.setHeader('Content-Type', PROBLEM_TYPE);
    response.setHeader('Query-Id', queryId);
    if (traceresponse !== undefined) response.setHeader('traceresponse', traceresponse);
    if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', retryAfterSeconds);
    response.end(`${JSON.stringify(problem)}\n`);
  }

  /** Ends the connection in a way that shows every client that the body is incomplete. */
  #cut(): void {
    const { response } = this.#options;
    if (response.useChunkedEncodingByDefault) response.destroy();
    else response.socket?.resetAndDestroy();
  }

  /** Returns the waiting bytes as text, one character each (latin1). */
  #waitingText(): string {
    let text = '';
    for (const { bytes } of this.#waiting) text += bytes.toString('latin1');
    return text;
  }

  #end(): void {
    this.#state = 'ended';
    this.#dropWaiting();
    this.#resume = () => {};
  }

  #dropWaiting(): void {
    for (const { release } of this.#waiting) release();
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #startStreaming(): boolean {
    this.#state = 'streaming';
    const { response, format, onStreaming } = this.#options;
    onStreaming?.();
    this.#held = new HeldEnd(format);
    response.on('drain', () => this.#resume());
    const headers = this.#headers();
    // Trailers exist only with the chunked encoding, and Node refuses to announce them without it.
    if (response.useChunkedEncodingByDefault)
      headers.push('Trailer', 'Server-Timing, Forkline-Row-Count, Forkline-Complete');
    response.writeHead(200, headers);
    const waiting = this.#waiting;
    this.#waiting = [];
    let more = true;
    for (const { bytes, release } of waiting) more = this.#send(bytes, release);
    return more;
  }

  #send(bytes: Buffer, release: () => void): boolean {
    const held = this.#held!; // set when streaming starts
    const length = held.sendable(bytes);
    if (length === 0) {
      held.hold(bytes);
      release();
      return held.isFull ? this.#writeAll(held.takeSurplus()) : true;
    }
    if (!held.isEmpty) this.#writeAll(held.takeAll());
    if (length === bytes.length) return this.#write(bytes, release);
    held.hold(bytes.subarray(length));
    return this.#write(bytes.subarray(0, length), release);
  }

  #writeAll(bytes: Buffer): boolean {
    return bytes.length === 0 ? true : this.#write(bytes, () => {});
  }

  #write(bytes: Buffer, release: () => void): boolean {
    this.#lastByteSent = bytes[bytes.length - 1] ?? this.#lastByteSent;
    return this.#options.response.write(bytes, release);
  }

  /** Returns header names and values alternately, for writeHead: several calls of setHeader take twice as long. */
  #headers(): string[] {
    const { format, queryId, traceresponse, headers: more, cacheHeaders } = this.#options;
    const headers = ['Content-Type', CONTENT_TYPES[format], 'Query-Id', queryId];
    const { revalidation } = this.#options;
    if (cacheHeaders !== undefined) headers.push(...cacheHeaders());
    else headers.push('Vary', 'Accept, Origin', 'Cache-Control', revalidation?.cacheControl ?? 'no-store');
    headers.push(...SECURITY_HEADERS);
    if (traceresponse !== undefined) headers.push('traceresponse', traceresponse);
    if (more !== undefined) headers.push(...more);
    return headers;
  }
}

/** Returns what the server itself writes at the end of an answer, behind the rows. `endLine`: whether NDJSON has a line for it. */
export function answerTail(
  format: AnswerFormat,
  endLine: boolean,
  { rows, complete, stats }: AnswerEnd,
): string {
  switch (format) {
    case 'json':
      return `],"rowCount":${rows},"complete":${complete},"stats":${JSON.stringify(stats)}}\n`;
    case 'ndjson':
      return endLine ? `${JSON.stringify({ '@end': { rowCount: rows, complete } })}\n` : '';
    default:
      return '';
  }
}

/** Returns the UTF-8 bytes of `text` as one latin1 character each; `bytes` is their number. */
function latin1Of(text: string, bytes: number): string {
  return bytes === text.length ? text : Buffer.from(text).toString('latin1');
}
