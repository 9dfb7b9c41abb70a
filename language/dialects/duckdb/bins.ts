/** The stage engine's SQL of bins of time without gaps. */
import type { BinSql } from '../dialect.ts';
import { raiseError } from './raise.ts';
import { duckdbType, quoteText } from './sql.ts';

/** Returns SQL of the number of bins from `lo` to `hi`. */
function binCount(lo: string, hi: string, span: string): string {
  const [count, unit] = span.split(' ');
  if (unit === 'month') return `date_diff('month', ${lo}, ${hi}) // ${count} + 1`;
  const us = { millisecond: 1e3, second: 1e6, minute: 6e7, hour: 36e8, day: 864e8 }[unit ?? ''];
  return `(epoch_us(${hi}) - epoch_us(${lo})) // ${BigInt(us ?? 1) * BigInt(count ?? 1)} + 1`;
}

export const DUCKDB_BINS: BinSql = {
  series({ lo, hi, span, type, times, most, error }) {
    const every = `generate_series(${lo}, ${hi}, INTERVAL ${quoteText(span)})`;
    const tooMany = `(${binCount(lo, hi, span)}) * ${times} > ${most}`;
    return `CAST(unnest(CASE WHEN ${tooMany} THEN ${raiseError(error)} ELSE ${every} END) AS ${duckdbType(type)})`;
  },
  finite: (moment) => `isfinite(${moment})`,
  same: (a, b) => `${a} IS NOT DISTINCT FROM ${b}`,
};
