/**
 * What the client gets. The first `bufferBytes` are held back, so that a failure before them has a status of its
 * own; past them the answer streams.
 *
 *   buffering --over bufferBytes--> streaming --finish--> ended
 *       |  finish: status 200, exact length            |
 *       |  fail: problem document with its status      | fail: NDJSON ends with an @error line; everything else is
 *       v                                              v       cut without a valid end (no last chunk)
 *     ended                                          ended
 *
 * The server's own memory is bounded by bufferBytes plus the socket's high-water mark: `write` returns false when
 * the client is slow, and `onDrain` says when to go on.
 */
import type { ServerResponse } from 'node:http';
import type { AnswerFormat } from '../workers/answer.ts';
import type { WireError } from '../workers/errors.ts';
import { PROBLEM_TYPE, problemOf } from './problem.ts';
import { SECURITY_HEADERS, setSecurityHeaders } from './security-headers.ts';

export const CONTENT_TYPES: Record<AnswerFormat, string> = {
  json: 'application/json; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  arrow: 'application/vnd.apache.arrow.stream',
  parquet: 'application/vnd.apache.parquet',
};

/** Above it two writes are cheaper than copying. */
const ONE_WRITE_BYTES = 16 * 1024;

export interface AnswerEnd {
  readonly rows: number;
  readonly complete: boolean;
  /** JSON-safe; the `stats` member of JSON answers. */
  readonly stats: object;
  readonly serverTiming: string;
}

export interface AnswerStreamOptions {
  readonly response: ServerResponse;
  readonly format: AnswerFormat;
  readonly queryId: string;
  readonly queryText: string;
  /** The header of that name; left out without one. */
  readonly traceresponse?: string;
  /** Further headers of an answer that is no failure: names and values by turns. */
  readonly headers?: readonly string[];
  readonly bufferBytes: number;
}

/** Bytes that are held back, and who wants to know when they are needed no more. */
interface Held {
  readonly bytes: Buffer;
  release(): void;
}

export class AnswerStream {
  readonly #options: AnswerStreamOptions;
  #state: 'buffering' | 'streaming' | 'ended' = 'buffering';
  #held: Held[] = [];
  #heldBytes = 0;
  #lastByte = 0x0a;
  #resume = (): void => {};

  constructor(options: AnswerStreamOptions) {
    this.#options = options;
  }

  /** What to do when the client can take more again. */
  onDrain(resume: () => void): void {
    this.#resume = resume;
  }

  get streaming(): boolean {
    return this.#state === 'streaming';
  }

  /**
   * Returns false when the client cannot take more now; `release` is called when the bytes are needed no more. Bytes
   * after the end are dropped: the query was ended.
   */
  write(bytes: Buffer, release: () => void): boolean {
    if (this.#state === 'streaming') return this.#send(bytes, release);
    if (this.#state === 'ended') {
      release();
      return true;
    }
    this.#held.push({ bytes, release });
    this.#heldBytes += bytes.length;
    return this.#heldBytes <= this.#options.bufferBytes ? true : this.#startStreaming();
  }

  /** Bytes written so far are dropped and it starts again; only while nothing was sent. */
  restart(): boolean {
    if (this.#state !== 'buffering') return false;
    this.#dropHeld();
    return true;
  }

  /** Sends the headers of an answer, and none of it. */
  head(): void {
    const { response } = this.#options;
    response.writeHead(200, this.#headers());
    response.end();
    this.#end();
  }

  finish(end: AnswerEnd): void {
    if (this.#state === 'ended') return;
    const { response } = this.#options;
    const tail = this.#tail(end);
    if (this.#state === 'buffering') {
      const tailBytes = Buffer.byteLength(tail);
      const bodyBytes = this.#heldBytes + tailBytes;
      const headers = this.#headers();
      headers.push('Server-Timing', end.serverTiming, 'Forkline-Row-Count', String(end.rows));
      headers.push('Forkline-Complete', String(end.complete), 'Content-Length', String(bodyBytes));
      response.writeHead(200, headers);
      // Of a short answer, head and body leave as one text in one write.
      if (bodyBytes <= ONE_WRITE_BYTES) response.end(this.#heldText() + latin1Of(tail, tailBytes), 'latin1');
      else
        response.end(Buffer.concat([...this.#held.map(({ bytes }) => bytes), Buffer.from(tail)], bodyBytes));
    } else {
      response.addTrailers({
        'Server-Timing': end.serverTiming,
        'Forkline-Row-Count': String(end.rows),
        'Forkline-Complete': String(end.complete),
      });
      response.end(tail);
    }
    this.#end();
  }

  fail(error: WireError): void {
    if (this.#state === 'ended') return;
    const { response, queryId, queryText, format, traceresponse } = this.#options;
    const problem = problemOf(error, { queryId, queryText });
    if (this.#state === 'buffering') {
      response.statusCode = problem.status;
      setSecurityHeaders(response);
      response.setHeader('Content-Type', PROBLEM_TYPE);
      response.setHeader('Query-Id', queryId);
      if (traceresponse !== undefined) response.setHeader('traceresponse', traceresponse);
      if (error.retryAfterSeconds !== undefined) response.setHeader('Retry-After', error.retryAfterSeconds);
      response.end(`${JSON.stringify(problem)}\n`);
    } else if (format === 'ndjson' && this.#lastByte === 0x0a) {
      response.end(`${JSON.stringify({ '@error': problem })}\n`);
    } else {
      // Without the last chunk of the chunked encoding every client sees that the body is not whole.
      response.destroy();
    }
    this.#end();
  }

  /** latin1 keeps every byte as it is. */
  #heldText(): string {
    let text = '';
    for (const { bytes } of this.#held) text += bytes.toString('latin1');
    return text;
  }

  #end(): void {
    this.#state = 'ended';
    this.#dropHeld();
    this.#resume = () => {};
  }

  #dropHeld(): void {
    for (const { release } of this.#held) release();
    this.#held = [];
    this.#heldBytes = 0;
  }

  #startStreaming(): boolean {
    this.#state = 'streaming';
    const { response } = this.#options;
    response.on('drain', () => this.#resume());
    const trailer = 'Server-Timing, Forkline-Row-Count, Forkline-Complete';
    const headers = this.#headers();
    headers.push('Trailer', trailer);
    response.writeHead(200, headers);
    const held = this.#held;
    this.#held = [];
    let more = true;
    for (const { bytes, release } of held) more = this.#send(bytes, release);
    return more;
  }

  #send(bytes: Buffer, release: () => void): boolean {
    this.#lastByte = bytes[bytes.length - 1] ?? this.#lastByte;
    return this.#options.response.write(bytes, release);
  }

  /** Names and values by turns, which writeHead takes as they are: several setHeader take twice as long. */
  #headers(): string[] {
    const { format, queryId, traceresponse, headers: more } = this.#options;
    const headers = ['Content-Type', CONTENT_TYPES[format], 'Query-Id', queryId];
    headers.push('Vary', 'Accept, Origin', 'Cache-Control', 'no-store', ...SECURITY_HEADERS);
    if (traceresponse !== undefined) headers.push('traceresponse', traceresponse);
    if (more !== undefined) headers.push(...more);
    return headers;
  }

  #tail({ rows, complete, stats }: AnswerEnd): string {
    switch (this.#options.format) {
      case 'json':
        return `],"rowCount":${rows},"complete":${complete},"stats":${JSON.stringify(stats)}}\n`;
      case 'ndjson':
        return `${JSON.stringify({ '@end': { rowCount: rows, complete } })}\n`;
      default:
        return '';
    }
  }
}

/** Its UTF-8 bytes, a character each; `bytes` is how many. */
function latin1Of(text: string, bytes: number): string {
  return bytes === text.length ? text : Buffer.from(text).toString('latin1');
}
