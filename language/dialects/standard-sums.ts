/** Correlation and means from sums, the same in every dialect. */
import type { Emitter } from './function-table.ts';
import { aggregateText } from './standard-sql.ts';

/** Makes both arguments null where one of the two is: such rows do not count. */
export function withoutNulls(a: string, b: string): readonly [string, string] {
  return [`(CASE WHEN ${b} IS NOT NULL THEN ${a} END)`, `(CASE WHEN ${a} IS NOT NULL THEN ${b} END)`];
}

/** Pearson's correlation from `n * sum(x * y) - sum(x) * sum(y)` of both, and of each with itself. */
export function correlationOf(xy: string, xx: string, yy: string): string {
  const ratio = `${xy} / nullif(sqrt(${xx}), 0) / nullif(sqrt(${yy}), 0)`;
  return `CASE WHEN ${ratio} IS NOT NULL THEN greatest(-1e0, least(1e0, ${ratio})) END`;
}

/** From here on so many floats are added up in units of 2^64 that no sum of them is too large for a float. */
const GREAT = '1e290';
const UNIT = '18446744073709551616e0';

/** The mean of floats, which fails for none: those that are very great are added up apart. */
export const meanOfFloats: Emitter = ([a], site) => {
  const sum = (inside: string): string => `coalesce(${aggregateText('sum', inside, site)}, 0e0)`;
  const count = `nullif(${aggregateText('count', a!, site)}, 0)`;
  const [small, great] = [
    sum(`CASE WHEN abs(${a}) < ${GREAT} THEN ${a} END`),
    sum(`CASE WHEN abs(${a}) >= ${GREAT} THEN ${a} / ${UNIT} END`),
  ];
  return `(${small} / ${count} + ${great} / ${count} * ${UNIT})`;
};
