/**
 * Finds the rows in the bytes of a JSON answer, which arrive cut anywhere: `{"columns":[...],"rows":[[...],[...]],"rowCount":2,...}`. It counts
 * brackets outside of texts and parses nothing, so that a million rows cost little.
 */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** The key of the rows as bytes. Inside of a text its quotes would be escaped, so it is found nowhere else. */
const ROWS_KEY = new TextEncoder().encode('"rows":[');

export interface Found {
  /** A row lies in the bytes from `starts` to before `ends`. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** The place where the first row begins that has no end yet; the length of the bytes when there is none. */
  readonly openFrom: number;
}

export class RowScanner {
  #state: 'head' | 'rows' | 'tail' = 'head';
  #depth = 0;
  #isInText = false;
  #isEscaped = false;
  #head = '';
  #tail = '';
  readonly #decoder = new TextDecoder();
  readonly #tailDecoder = new TextDecoder();

  /** The answer without its rows; null while it is not whole. Throws SyntaxError for what is no JSON. */
  get rest(): Readonly<Record<string, unknown>> | null {
    if (this.#state !== 'tail' || !this.#tail.trimEnd().endsWith('}')) return null;
    return JSON.parse(`${this.#head}"rows":[${this.#tail}`) as Record<string, unknown>;
  }

  /** The members that stand before the rows; null while they are not whole. */
  get head(): Readonly<Record<string, unknown>> | null {
    if (this.#state === 'head') return null;
    return JSON.parse(`${this.#head}"rows":[]}`) as Record<string, unknown>;
  }

  /**
   * Looks at bytes of which those before `from` were looked at already, and returns the rows that end in them. Before the rows begin
   * all bytes so far must be given; then those from the last `openFrom`.
   */
  scan(bytes: Uint8Array, from: number): Found {
    const starts: number[] = [];
    const ends: number[] = [];
    let at = from;
    let openFrom = this.#depth > 0 || this.#state === 'head' ? 0 : bytes.length;
    if (this.#state === 'head') at = this.#readHead(bytes, from);
    for (; this.#state === 'rows' && at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (this.#isInText) this.#readText(byte);
      else if (byte === QUOTE) this.#isInText = true;
      else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
        if (this.#depth++ === 0) openFrom = at;
      } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
        if (this.#depth === 0) {
          this.#state = 'tail';
          break;
        }
        if (--this.#depth > 0) continue;
        starts.push(openFrom);
        ends.push(at + 1);
        openFrom = bytes.length;
      }
    }
    if (this.#state === 'rows' && this.#depth === 0) openFrom = bytes.length;
    if (this.#state === 'tail') {
      this.#tail += this.#tailDecoder.decode(bytes.subarray(at), { stream: true });
      openFrom = bytes.length;
    }
    return { starts, ends, openFrom };
  }

  #readText(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) this.#isInText = false;
  }

  /** Returns where the rows begin; the end while the key has not come, in which case all bytes stay to be looked at again. */
  #readHead(bytes: Uint8Array, from: number): number {
    const at = indexOf(bytes, ROWS_KEY, Math.max(0, from - ROWS_KEY.length));
    if (at < 0) return bytes.length;
    this.#head = this.#decoder.decode(bytes.subarray(0, at));
    this.#state = 'rows';
    return at + ROWS_KEY.length;
  }
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(wanted[0]!, from); at >= 0; at = bytes.indexOf(wanted[0]!, at + 1))
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
  return -1;
}
