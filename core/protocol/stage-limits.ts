/** Limits of what a stage makes, by the names that its errors and GET /v1/limits have for it: constants, not options. */
import type { LimitRef } from './errors.ts';

export const STAGE_LIMITS = {
  /** Rows, gaps included: a span of a second over a century would be three thousand million. */
  timechartRows: 1_000_000,
  /** More columns than anybody reads; each is computed beside the others, in memory. */
  pivotColumns: 1000,
  /** More than this of one row is no list any more; a row of a gigabyte of commas would fill the memory. */
  explodeElements: 1_000_000,
  /** Each is fetched at the same time as the others, over a database connection of its own. */
  querySources: 8,
  /** Brackets around queries; each is a few calls deeper while compiling. */
  queryNesting: 16,
  lets: 50,
  /** Rows of a `join cross`: two tables of ten thousand rows have a hundred million pairs. */
  crossRows: 10_000_000,
} as const;

export function stageLimit(name: keyof typeof STAGE_LIMITS): LimitRef {
  return { name, value: STAGE_LIMITS[name] };
}
