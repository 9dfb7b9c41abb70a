/** Limits of what stages produce, by their names in errors and in GET /v1/limits: constants, not options. */
import type { LimitRef } from './errors.ts';

export const STAGE_LIMITS = {
  /** Rows of a `timechart`, gaps included: a century in spans of a second would have three thousand million. */
  timechartRows: 1_000_000,
  /** Columns that a `pivot` makes: all of them are computed at the same time, in memory. */
  pivotColumns: 1000,
  /** Elements that `explode` makes of one row: a text with a gigabyte of commas would fill the memory. */
  explodeElements: 1_000_000,
  /** Sources of one query: all are fetched at the same time, each over its own database connection. */
  querySources: 8,
  /** Levels of queries inside brackets: the compiler recurses into each. */
  queryNesting: 16,
  lets: 50,
  /** Models that a query reads, those that they build on included. */
  models: 100,
  /** Rows that a `join cross` makes: two tables of ten thousand rows have a hundred million pairs. */
  crossRows: 10_000_000,
} as const;

export function stageLimit(name: keyof typeof STAGE_LIMITS): LimitRef {
  return { name, value: STAGE_LIMITS[name] };
}
