/**
 * Caches the layouts of rows by the database's description of their columns: a dashboard sends the same queries again and
 * again, and making the layout of a small answer took longer than writing its rows.
 */
import { LRUCache } from 'lru-cache';
import { refuseNames } from '../../core/protocol/answer.ts';
import { databaseColumnToColumn } from '../../language/dialects/postgres/types.ts';
import { refuseSameNames } from '../kit/answer.ts';
import { type RowLayout, rowLayout, type TextAnswer } from '../kit/encode/row-encoder.ts';
import { readRowDescription } from './wire/backend-messages.ts';

/** The memory of a layout and its key is less than this many times the size of its description. */
const BYTES_PER_DESCRIPTION_BYTE = 16;
/** The most memory for all layouts together. */
const MAX_LAYOUT_BYTES = 8 * 1024 * 1024;
/** The longest description whose layout is kept. */
const MAX_DESCRIPTION_BYTES = 8 * 1024;

const layouts = new LRUCache<string, RowLayout>({ max: 1000, maxSize: MAX_LAYOUT_BYTES });

/** Returns the layout for a RowDescription, whose payload is bytes[start, end). Throws duplicate-column, and unsupported for a reserved name. */
export function layoutOf(bytes: Buffer, start: number, end: number, answer: TextAnswer): RowLayout {
  if (end - start > MAX_DESCRIPTION_BYTES) return makeLayout(bytes, start, answer);
  const key = `${answer.format} ${answer.rows} ${answer.numbers} ${answer.end} ${answer.head} ${bytes.toString('latin1', start, end)}`;
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
