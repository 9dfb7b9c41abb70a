/**
 * The content of a column: nulls, distinct values, the most frequent ones or the spread of numbers. It reads the rows in slices, so that
 * the page stays responsive, and counts at most so many distinct values, which it says.
 */
import type { RowStore } from './row-store.ts';

const SLICE_ROWS = 5_000;
const DISTINCT_LIMIT = 100_000;
const TOP = 8;
const BINS = 20;

export interface ColumnSummary {
  readonly rows: number;
  readonly nulls: number;
  readonly distinct: number;
  /** Whether there are more distinct values than were counted. */
  readonly distinctIsCut: boolean;
  readonly top: readonly { readonly text: string; readonly count: number }[];
  /** null for a column that is not of numbers, or has none. */
  readonly numbers: {
    readonly min: number;
    readonly max: number;
    readonly mean: number;
    readonly bins: readonly number[];
  } | null;
}

/** Rejects with AbortError when `signal` aborts. */
export async function summarize(
  rows: RowStore,
  column: number,
  isNumber: boolean,
  signal: AbortSignal,
): Promise<ColumnSummary> {
  const counts = new Map<string, number>();
  const numbers: number[] = [];
  let nulls = 0;
  let isCut = false;
  const { rowCount } = rows;
  for (let row = 0; row < rowCount; row++) {
    if (row % SLICE_ROWS === 0) await pause(signal);
    const value = rows.row(row)[column];
    if (value === null || value === undefined) {
      nulls++;
      continue;
    }
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
    const count = counts.get(text);
    if (count !== undefined || counts.size < DISTINCT_LIMIT) counts.set(text, (count ?? 0) + 1);
    else isCut = true;
    if (isNumber && Number.isFinite(Number(value))) numbers.push(Number(value));
  }
  const top = [...counts].sort(([, a], [, b]) => b - a).slice(0, TOP);
  return {
    rows: rowCount,
    nulls,
    distinct: counts.size,
    distinctIsCut: isCut,
    top: top.map(([text, count]) => ({ text, count })),
    numbers: spreadOf(numbers),
  };
}

function spreadOf(numbers: readonly number[]): ColumnSummary['numbers'] {
  if (numbers.length === 0) return null;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (const number of numbers) {
    min = Math.min(min, number);
    max = Math.max(max, number);
    sum += number;
  }
  const bins = new Array<number>(BINS).fill(0);
  const width = (max - min) / BINS || 1;
  for (const number of numbers) bins[Math.min(Math.floor((number - min) / width), BINS - 1)]!++;
  return { min, max, mean: sum / numbers.length, bins };
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    setTimeout(() => (signal.aborted ? reject(new DOMException('given up', 'AbortError')) : resolve()), 0);
  });
}
