/**
 * How rows are written, by what the database says of their columns: a dashboard asks the same again and again, and making
 * the layout of a small answer took longer than writing its rows.
 */
import { LRUCache } from 'lru-cache';
import { refuseNames } from '../../core/protocol/answer.ts';
import { databaseColumnToColumn } from '../../language/dialects/postgres/types.ts';
import { refuseSameNames } from '../kit/answer.ts';
import { type RowLayout, rowLayout, type TextAnswer } from '../kit/encode/row-encoder.ts';
import { readRowDescription } from './wire/backend-messages.ts';

/** A layout with its key takes less than this many times its description, which names each column once. */
const BYTES_PER_DESCRIPTION_BYTE = 16;
/** For all layouts together. */
const MAX_LAYOUT_BYTES = 8 * 1024 * 1024;
/** The longest description whose layout is kept. */
const MAX_DESCRIPTION_BYTES = 8 * 1024;

const layouts = new LRUCache<string, RowLayout>({ max: 1000, maxSize: MAX_LAYOUT_BYTES });

/** `description` is a RowDescription's payload, bytes[start, end). Throws duplicate-column, and unsupported for a reserved name. */
export function layoutOf(bytes: Buffer, start: number, end: number, answer: TextAnswer): RowLayout {
  if (end - start > MAX_DESCRIPTION_BYTES) return makeLayout(bytes, start, answer);
  const key = `${answer.format} ${answer.rows} ${answer.numbers} ${answer.end} ${bytes.toString('latin1', start, end)}`;
  const known = layouts.get(key);
  if (known !== undefined) return known;
  const layout = makeLayout(bytes, start, answer);
  layouts.set(key, layout, { size: BYTES_PER_DESCRIPTION_BYTE * key.length });
  return layout;
}

function makeLayout(bytes: Buffer, start: number, answer: TextAnswer): RowLayout {
  const described = readRowDescription(bytes, start);
  refuseSameNames(described);
  const columns = described.map(databaseColumnToColumn);
  refuseNames(columns, answer);
  return rowLayout(columns, answer);
}
