/** Correlation from sums, the same in every dialect. */

/** Makes both arguments null where one of the two is: such rows do not count. */
export function withoutNulls(a: string, b: string): readonly [string, string] {
  return [`(CASE WHEN ${b} IS NOT NULL THEN ${a} END)`, `(CASE WHEN ${a} IS NOT NULL THEN ${b} END)`];
}

/** Pearson's correlation from `n * sum(x * y) - sum(x) * sum(y)` of both, and of each with itself. */
export function correlationOf(xy: string, xx: string, yy: string): string {
  const ratio = `${xy} / nullif(sqrt(${xx}), 0) / nullif(sqrt(${yy}), 0)`;
  return `CASE WHEN ${ratio} IS NOT NULL THEN greatest(-1e0, least(1e0, ${ratio})) END`;
}
