/** PostgreSQL's parse trees count bytes of UTF-8; its errors, and ours, count code points from 1. */

/** Gives positions of byte offsets of one text that come in ascending order, in one pass over it. */
export class BytePositions {
  readonly #text: string;
  #at = 0;
  #bytes = 0;
  #characters = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The 1-based position; the offset is not below the one of the call before. */
  positionOf(offset: number): number {
    while (this.#bytes < offset && this.#at < this.#text.length) {
      const code = this.#text.codePointAt(this.#at)!;
      this.#bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      this.#at += code > 0xffff ? 2 : 1;
      this.#characters++;
    }
    return this.#characters + 1;
  }
}
