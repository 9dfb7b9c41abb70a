/**
 * The lines of one client that are not yet known to be in the log file, oldest first. They are always a gapless
 * range of seqs [firstSeq, nextSeq): lines leave at the old end only, by acknowledgement, by spilling (all of
 * them) or, as the last resort, by being dropped. Pure data, no I/O.
 */

const COMPACT_AT = 4096;

export class LineQueue {
  #lines: string[] = [];
  /** Index of the oldest kept line and of the next one to send. */
  #head = 0;
  #unsent = 0;
  #firstSeq = 1;
  #characters = 0;
  #sentSeq = 0;

  /** Seq of the oldest line kept; equals nextSeq when there is none. */
  get firstSeq(): number {
    return this.#firstSeq;
  }

  get nextSeq(): number {
    return this.#firstSeq + this.#lines.length - this.#head;
  }

  /** The highest seq ever taken to be sent; 0 when none was. */
  get sentSeq(): number {
    return this.#sentSeq;
  }

  /** UTF-16 units kept. */
  get characters(): number {
    return this.#characters;
  }

  /** Appends the line that has nextSeq. */
  push(line: string): void {
    // A line is a tree of its parts until something reads it, and is kept for long enough to be moved by the collector
    // once or twice: `join` makes one piece of it.
    const ended = [line, '\n'].join('');
    this.#lines.push(ended);
    this.#characters += ended.length;
  }

  /** The unsent lines, each with its line end, joined up to about maxCharacters; null when all were sent. */
  takeUnsent(maxCharacters: number): string | null {
    this.#unsent = Math.max(this.#unsent, this.#head);
    if (this.#unsent === this.#lines.length) return null;
    const first = this.#unsent;
    for (let characters = 0; this.#unsent < this.#lines.length && characters < maxCharacters; this.#unsent++)
      characters += this.#lines[this.#unsent]!.length;
    const batch = this.#lines.slice(first, this.#unsent).join('');
    this.#sentSeq = Math.max(this.#sentSeq, this.#firstSeq + this.#unsent - this.#head - 1);
    return batch;
  }

  /** Everything kept counts as unsent again (the connection is another one). */
  rewind(): void {
    this.#unsent = this.#head;
  }

  /** Forgets the lines up to and including seq. */
  acknowledge(seq: number): void {
    while (this.#firstSeq <= seq && this.#head < this.#lines.length) this.#dropHead();
  }

  /** All lines kept, each with its line end; keeps them. */
  lines(): readonly string[] {
    return this.#lines.slice(this.#head);
  }

  /** Forgets the oldest lines until at most maxCharacters are left; returns their range or null. */
  dropOldest(maxCharacters: number): { readonly fromSeq: number; readonly toSeq: number } | null {
    const fromSeq = this.#firstSeq;
    while (this.#characters > maxCharacters && this.#head < this.#lines.length) this.#dropHead();
    return this.#firstSeq === fromSeq ? null : { fromSeq, toSeq: this.#firstSeq - 1 };
  }

  #dropHead(): void {
    this.#characters -= this.#lines[this.#head]!.length;
    this.#lines[this.#head] = '';
    this.#head += 1;
    this.#firstSeq += 1;
    if (this.#head === this.#lines.length || this.#head >= COMPACT_AT) this.#compact();
  }

  #compact(): void {
    this.#lines = this.#lines.slice(this.#head);
    this.#unsent = Math.max(0, this.#unsent - this.#head);
    this.#head = 0;
  }
}
