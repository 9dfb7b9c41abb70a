/**
 * Rows that came as columns (core/protocol/wire-rows.ts): where the parts of each column lie. Nothing is copied; the places
 * are valid until the reader reads on. Every length is checked here, so that a decoder may follow it.
 */
import {
  BATCH_HEAD_BYTES,
  BATCH_ROWS,
  BATCH_TEXT_BYTES,
  BatchForm,
  FORM_BYTES,
} from '../../../core/protocol/wire-rows.ts';
import { corrupt } from './corrupt.ts';

/** The bytes of a column before its values: its form, and whether some are null. */
const COLUMN_HEAD_BYTES = 2;

export interface BatchColumn {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly rows: number;
  readonly form: BatchForm;
  /** The place of the bits that say which values are there; null: all are. */
  readonly validity: number | null;
  /** The place of the values; for texts that of their offsets. */
  readonly values: number;
}

export class Batch {
  readonly rows: number;
  readonly columns: readonly BatchColumn[];

  /** `at`: the place of the number of rows. Throws for a batch whose lengths disagree. */
  constructor(bytes: Uint8Array, view: DataView, at: number, columns: number) {
    this.rows = rowsAt(view, at);
    const end = endAt(view, at);
    let next = at + BATCH_HEAD_BYTES - 2;
    this.columns = Array.from({ length: columns }, () => {
      const column = columnAt({ bytes, view, rows: this.rows }, next, end);
      next = endOf(column, end);
      return column;
    });
    if (next !== end) throw corrupt('bytes behind the columns of a batch');
  }
}

/** Returns the most bytes of a batch that a SQL worker sends: that of long values it has so many, or one row. */
export function mostBatchBytes(columns: number, maxRowBytes: number): number {
  const fixed = columns * (COLUMN_HEAD_BYTES + BATCH_ROWS * (FORM_BYTES[BatchForm.int128] + 1));
  return BATCH_HEAD_BYTES + fixed + Math.max(maxRowBytes, BATCH_TEXT_BYTES);
}

function rowsAt(view: DataView, at: number): number {
  const rows = view.getInt32(at, true);
  if (rows < 1 || rows > BATCH_ROWS) throw corrupt(`a batch of ${rows} rows`);
  return rows;
}

/** Returns where the batch ends whose number of rows stands at this place. */
export function endAt(view: DataView, at: number): number {
  const length = view.getInt32(at + 4, true);
  if (length < 0) throw corrupt(`a batch of ${length} bytes`);
  return at + BATCH_HEAD_BYTES - 2 + length;
}

function columnAt(
  { bytes, view, rows }: Pick<BatchColumn, 'bytes' | 'view' | 'rows'>,
  at: number,
  end: number,
): BatchColumn {
  if (at + COLUMN_HEAD_BYTES > end) throw corrupt('a batch without all columns');
  const form = bytes[at]!;
  if (!(form in FORM_BYTES)) throw corrupt(`a column of form ${form}`);
  const hasNulls = bytes[at + 1] === 1;
  const first = at + COLUMN_HEAD_BYTES;
  return {
    ...{ bytes, view, rows, form: form as BatchForm },
    validity: hasNulls ? first : null,
    values: hasNulls ? first + Math.ceil(rows / 8) : first,
  };
}

/** Returns where the column ends. */
function endOf({ view, rows, form, values }: BatchColumn, end: number): number {
  let length = form === BatchForm.bits ? Math.ceil(rows / 8) : rows * FORM_BYTES[form];
  if (form === BatchForm.texts) {
    length += 4;
    if (values + length > end) throw corrupt('a column of a batch that is cut');
    const textBytes = view.getInt32(values + length - 4, true);
    if (textBytes < 0) throw corrupt(`texts of ${textBytes} bytes`);
    length += textBytes;
  }
  if (values + length > end) throw corrupt('a column of a batch that is cut');
  return values + length;
}

/** Says whether the value of a row is there. */
export function isThere({ bytes, validity }: BatchColumn, row: number): boolean {
  return validity === null || ((bytes[validity + (row >> 3)]! >> (row & 7)) & 1) === 1;
}
