/** The text that the formatter writes, line by line. What holds several lines (SQL, a comment) is put as it is. */

/** Columns that a line should not go beyond. */
export const WIDTH = 100;

/** Lines under construction. */
export class Lines {
  readonly #lines: string[] = [];
  #line = '';
  #indent = 0;

  get indent(): number {
    return this.#indent;
  }

  /** The line is that of a stage, whose own words stand after the pipe. */
  get startsWithPipe(): boolean {
    return this.#line.trimStart().startsWith('|');
  }

  /** Says whether this number of further characters fits on the line. */
  fits(length: number): boolean {
    return this.#line.length + length <= WIDTH;
  }

  put(text: string, space: boolean): void {
    this.#line += this.#line.trim() === '' ? text : `${space ? ' ' : ''}${text}`;
    const newline = this.#line.lastIndexOf('\n');
    if (newline === -1) return;
    this.#lines.push(this.#line.slice(0, newline));
    this.#line = this.#line.slice(newline + 1);
  }

  /** Ends the line, unless it is still empty, and begins one with this indent. */
  newline(indent: number): void {
    if (this.#line.trim() !== '') this.#lines.push(this.#line);
    this.#line = ' '.repeat(indent);
    this.#indent = indent;
  }

  text(): string {
    return [...this.#lines, ...(this.#line.trim() === '' ? [] : [this.#line])].join('\n');
  }
}
