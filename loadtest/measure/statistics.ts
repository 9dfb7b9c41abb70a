/**
 * The figures that results are told in. A percentile is a value that was measured (the nearest rank, never between
 * two); nothing here removes outliers. Empty lists give NaN, which holds no target.
 */

/** The nearest-rank percentile, `p` in 0..100. */
export function percentile(values: readonly number[], p: number): number {
  return percentileOfSorted(ascending(values), p);
}

/** For several percentiles of one large list. */
export function percentiles(values: readonly number[], ps: readonly number[]): number[] {
  const sorted = ascending(values);
  return ps.map((p) => percentileOfSorted(sorted, p));
}

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = ascending(values);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
}

/** Returns how far the values lie apart: the largest distance from the median, as a fraction of it. */
export function spread(values: readonly number[]): number {
  const middle = median(values);
  return largest(values.map((value) => Math.abs(value - middle) / middle));
}

function ascending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

function percentileOfSorted(sorted: readonly number[], p: number): number {
  if (sorted.length === 0) return Number.NaN;
  const rank = Math.ceil((p / 100) * sorted.length);
  return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1]!;
}
