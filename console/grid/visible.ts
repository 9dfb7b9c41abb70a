/**
 * Computes which rows and columns of the grid are visible, by arithmetic alone: rows are equally high, and the places of columns are sums. An element can
 * be some 16 million pixels high in some browsers, which a million rows exceed; beyond a limit the element is lower than its
 * content, and a step of the scroll bar moves over more rows.
 */
const LIMIT_PX = 12_000_000;

export interface Visible {
  readonly index: number;
  /** Pixels from the beginning of the scrolled element. */
  readonly start: number;
  readonly size: number;
}

export class RowPlaces {
  readonly #count: number;
  readonly #size: number;
  /** Pixels of the viewport that rows can have. */
  readonly #room: number;
  /** Pixels of content that one scrolled pixel moves. */
  readonly #pace: number;
  /** Pixels of the scrolled element. */
  readonly total: number;

  constructor(count: number, size: number, room: number) {
    const content = count * size;
    this.#count = count;
    this.#size = size;
    this.#room = room;
    this.total = Math.min(content, LIMIT_PX);
    this.#pace = content > LIMIT_PX ? Math.max(content - room, 1) / Math.max(LIMIT_PX - room, 1) : 1;
  }

  /** Returns the rows that are visible at a place of the scroll bar, and `beyond` ones on each side. */
  visible(scrolled: number, beyond: number): readonly Visible[] {
    const offset = scrolled * this.#pace;
    const first = Math.max(Math.floor(offset / this.#size) - beyond, 0);
    const last = Math.min(Math.ceil((offset + this.#room) / this.#size) + beyond, this.#count);
    return Array.from({ length: Math.max(last - first, 0) }, (_, at) => ({
      index: first + at,
      start: (first + at) * this.#size - offset + scrolled,
      size: this.#size,
    }));
  }

  /** Returns the place of the scroll bar that shows a row, nearest to where it is. */
  scrolledTo(row: number, scrolled: number): number {
    return nearest(row * this.#size, this.#size, scrolled * this.#pace, this.#room) / this.#pace;
  }
}

export class ColumnPlaces {
  /** The place where each column begins, and last the one where all of them end. */
  readonly #starts: Float64Array;

  constructor(widths: readonly number[]) {
    this.#starts = new Float64Array(widths.length + 1);
    for (const [index, width] of widths.entries()) this.#starts[index + 1] = this.#starts[index]! + width;
  }

  get total(): number {
    return this.#starts.at(-1)!;
  }

  visible(scrolled: number, room: number, beyond: number): readonly Visible[] {
    const count = this.#starts.length - 1;
    const first = Math.max(this.#at(scrolled) - beyond, 0);
    const last = Math.min(this.#at(scrolled + room) + 1 + beyond, count);
    return Array.from({ length: Math.max(last - first, 0) }, (_, at) => this.#place(first + at));
  }

  scrolledTo(column: number, scrolled: number, room: number): number {
    const { start, size } = this.#place(column);
    return nearest(start, size, scrolled, room);
  }

  #place(index: number): Visible {
    const start = this.#starts[index]!;
    return { index, start, size: this.#starts[index + 1]! - start };
  }

  /** Returns the last column that begins at or before a place. */
  #at(pixels: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= pixels) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function nearest(start: number, size: number, offset: number, room: number): number {
  if (start < offset || size > room) return start;
  return Math.max(offset, start + size - room);
}
