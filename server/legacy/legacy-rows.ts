/** Writes rows as the older engine's API has them: `{..., "results":[` row, row `]}`. The rows come as lines of JSON. */
import type { ServerResponse } from 'node:http';
import type { AnswerTarget } from '../answer/query-answer.ts';
import { SECURITY_HEADERS } from '../answer/security-headers.ts';

const LINE_FEED = 0x0a;
const COMMA = 0x2c;

export class LegacyRows implements AnswerTarget {
  readonly #response: ServerResponse;
  readonly #head: string;
  readonly #headers: readonly string[];
  #hasBegun = false;
  /** Whether a line has ended, so that a comma stands before the next one. */
  #isBetween = false;

  /** `head`: the members before `results`, as an object. */
  constructor(response: ServerResponse, head: object, headers: readonly string[] = []) {
    this.#response = response;
    this.#head = JSON.stringify(head);
    this.#headers = headers;
  }

  /** Whether anything was sent, so that a failure has no status any more. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  onDrain(callback: () => void): void {
    this.#response.on('drain', callback);
  }

  write(bytes: Buffer, release: () => void): boolean {
    if (bytes.length === 0) {
      release();
      return true;
    }
    this.#begin();
    if (this.#isBetween) this.#response.write(',');
    const endsLine = bytes[bytes.length - 1] === LINE_FEED;
    const lines = endsLine ? bytes.subarray(0, -1) : bytes;
    // A line feed is never part of a row, only its end.
    for (let at = lines.indexOf(LINE_FEED); at !== -1; at = lines.indexOf(LINE_FEED, at + 1))
      lines[at] = COMMA;
    this.#isBetween = endsLine;
    if (lines.length > 0) return this.#response.write(lines, release);
    release();
    return true;
  }

  end(): void {
    this.#begin();
    this.#response.end(']}\n');
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#response.writeHead(200, [
      ...['Content-Type', 'application/json; charset=utf-8', 'Cache-Control', 'no-store'],
      ...this.#headers,
      ...SECURITY_HEADERS,
    ]);
    const members = this.#head.slice(0, -1);
    this.#response.write(`${members}${members === '{' ? '' : ','}"results":[`);
  }
}
