/** The cells of rows as the grid shows them, kept for the rows that were visible last: scrolling a little parses only the new rows. */
import type { RowStore } from '../rows/row-store.ts';
import { type ShownCell, shownCell } from './cell.ts';

const KEPT = 200;

export class ShownRows {
  readonly #rows: RowStore;
  readonly #cells = new Map<number, readonly ShownCell[]>();

  constructor(rows: RowStore) {
    this.#rows = rows;
  }

  /** Returns the cells of a row; none for a row that is not there. */
  cells(row: number): readonly ShownCell[] {
    const known = this.#cells.get(row);
    if (known !== undefined) return known;
    if (row >= this.#rows.rowCount) return [];
    const cells = this.#rows.row(row).map(shownCell);
    if (this.#cells.size >= KEPT) this.#cells.delete(this.#cells.keys().next().value!);
    this.#cells.set(row, cells);
    return cells;
  }
}
