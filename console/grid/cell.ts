/** The text of a value in the grid. null, an empty text and a long one are told apart by class, not by text alone. */
import type { ShownColumn } from '../rows/shown-column.ts';

/** Characters of a value that the grid shows; the rest is shown on demand. */
const SHOWN = 500;

export interface ShownCell {
  readonly text: string;
  readonly kind: 'value' | 'null' | 'empty' | 'long';
}

export function shownCell(value: unknown): ShownCell {
  if (value === null || value === undefined) return { text: 'null', kind: 'null' };
  const text = valueText(value);
  if (text === '') return { text: 'empty', kind: 'empty' };
  if (text.length > SHOWN) return { text: `${text.slice(0, SHOWN)}…`, kind: 'long' };
  return { text, kind: 'value' };
}

/** Returns the whole text of a value; null is an empty text. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export function isNumeric({ type }: ShownColumn): boolean {
  return /^(int64|float64|decimal)/.test(type);
}

export function isMoment({ type }: ShownColumn): boolean {
  return /^(timestamp|date)/.test(type);
}
