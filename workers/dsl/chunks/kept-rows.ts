/**
 * Reads kept rows as rows of the wire whose fields are all text. Kept rows are CSV as answers have it (core/protocol/answer.ts): a
 * head, then records in which an empty field is null and `""` is an empty text; KEPT_END behind the last record.
 *
 *   head --its line end--> record start --a field--> plain | quoted --a comma, the line end--> ...
 *                              \--KEPT_END--> ended
 */
import { KEPT_END } from '../../../core/protocol/dsl-worker.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import { WIRE_END, WIRE_HEADER } from '../../../core/protocol/wire-rows.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
const NULL_LENGTH = -1;
const FIRST_BYTES = 128 * 1024;
/** The room for what one byte of CSV may add: the count of a row, the length of a field, the byte itself. */
const ROOM_PER_BYTE = 7;

type State = 'head' | 'record' | 'field' | 'plain' | 'quoted' | 'quote' | 'line-end' | 'ended';

export class KeptRows {
  readonly #columns: number;
  readonly #take: (wire: Uint8Array) => void;
  #state: State = 'head';
  /** Whether the head is inside of quotes. */
  #headIsQuoted = false;
  #out = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;
  /** The place where the row under way begins, and that of the length of the field under way. */
  #rowStart = 0;
  #fieldStart = 0;
  #fields = 0;

  /** `take` gets whole rows, whose bytes it copies. */
  constructor(columns: number, take: (wire: Uint8Array) => void) {
    this.#columns = columns;
    this.#take = take;
  }

  /** Reads the next bytes. Throws what is wrong with them. */
  push(bytes: Uint8Array): void {
    this.#makeRoom(ROOM_PER_BYTE * bytes.length);
    const end = bytes.length;
    let at = this.#state === 'head' ? this.#skipHead(bytes) : 0;
    while (at < end) {
      switch (this.#state) {
        case 'record':
          if (bytes[at] === KEPT_END) {
            this.#end();
            return;
          }
          this.#startRow();
          this.#startField();
          break;
        case 'field':
          at = this.#firstOfField(bytes, at);
          break;
        case 'plain':
          at = this.#plain(bytes, at);
          break;
        case 'quoted':
          at = this.#quoted(bytes, at);
          break;
        case 'quote':
          at = this.#afterQuote(bytes, at);
          break;
        case 'line-end':
          if (bytes[at++] !== LINE_FEED) throw corrupt('a record without its line end');
          this.#endRow();
          break;
        default:
          return;
      }
    }
    this.#giveRows();
  }

  #skipHead(bytes: Uint8Array): number {
    for (let at = 0; at < bytes.length; at++) {
      if (bytes[at] === QUOTE) this.#headIsQuoted = !this.#headIsQuoted;
      else if (bytes[at] === LINE_FEED && !this.#headIsQuoted) {
        this.#state = 'record';
        this.#put(WIRE_HEADER);
        this.#rowStart = this.#length;
        return at + 1;
      }
    }
    return bytes.length;
  }

  #startRow(): void {
    this.#rowStart = this.#length;
    this.#length = this.#out.writeInt16BE(this.#columns, this.#length);
    this.#fields = 0;
  }

  #startField(): void {
    this.#fieldStart = this.#length;
    this.#length += 4;
    this.#state = 'field';
  }

  /** Takes the first byte of a field, which says whether it is quoted; an empty one is null. */
  #firstOfField(bytes: Uint8Array, at: number): number {
    switch (bytes[at]) {
      case QUOTE:
        this.#state = 'quoted';
        return at + 1;
      case COMMA:
      case CARRIAGE_RETURN:
        this.#endField(bytes[at]!, NULL_LENGTH);
        return at + 1;
      default:
        this.#state = 'plain';
        return at;
    }
  }

  #plain(bytes: Uint8Array, from: number): number {
    const out = this.#out;
    let length = this.#length;
    let at = from;
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === COMMA || byte === CARRIAGE_RETURN) break;
      out[length++] = byte;
    }
    this.#length = length;
    if (at === bytes.length) return at;
    this.#endField(bytes[at]!, length - this.#fieldStart - 4);
    return at + 1;
  }

  #quoted(bytes: Uint8Array, from: number): number {
    const out = this.#out;
    let length = this.#length;
    let at = from;
    while (at < bytes.length && bytes[at] !== QUOTE) out[length++] = bytes[at++]!;
    this.#length = length;
    if (at === bytes.length) return at;
    this.#state = 'quote';
    return at + 1;
  }

  /** Takes the byte behind a quote: another quote is one of the text, everything else ends the field. */
  #afterQuote(bytes: Uint8Array, at: number): number {
    const byte = bytes[at]!;
    if (byte === QUOTE) {
      this.#out[this.#length++] = QUOTE;
      this.#state = 'quoted';
    } else if (byte === COMMA || byte === CARRIAGE_RETURN)
      this.#endField(byte, this.#length - this.#fieldStart - 4);
    else throw corrupt('a byte behind the quotes of a field');
    return at + 1;
  }

  #endField(separator: number, length: number): void {
    this.#out.writeInt32BE(length, this.#fieldStart);
    this.#fields++;
    if (separator === COMMA) this.#startField();
    else this.#state = 'line-end';
  }

  #endRow(): void {
    if (this.#fields !== this.#columns)
      throw corrupt(`a record of ${this.#fields} fields instead of ${this.#columns}`);
    this.#rowStart = this.#length;
    this.#state = 'record';
  }

  #end(): void {
    this.#put(WIRE_END);
    this.#rowStart = this.#length;
    this.#state = 'ended';
    this.#giveRows();
  }

  #put(bytes: Buffer): void {
    this.#length += bytes.copy(this.#out, this.#length);
  }

  /** Hands over the whole rows, and moves the one under way to the front. */
  #giveRows(): void {
    if (this.#rowStart === 0) return;
    this.#take(this.#out.subarray(0, this.#rowStart));
    this.#out.copyWithin(0, this.#rowStart, this.#length);
    this.#length -= this.#rowStart;
    this.#fieldStart -= this.#rowStart;
    this.#rowStart = 0;
  }

  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes + WIRE_HEADER.length + WIRE_END.length;
    if (needed <= this.#out.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#out.length));
    this.#out.copy(grown, 0, 0, this.#length);
    this.#out = grown;
  }
}

function corrupt(what: string): QueryError {
  return new QueryError('internal', `internal error: kept rows cannot be read: ${what}`);
}
