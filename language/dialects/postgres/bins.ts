/**
 * PostgreSQL's SQL of bins of time without gaps. They are counted and made as timestamps without a zone, where every day has
 * its midnight and 24 hours; only the beginnings that come of it are moments of a zone again, which is UTC.
 */
import type { ColumnType } from '../../../core/protocol/types.ts';
import type { BinSql } from '../dialect.ts';
import { raiseInPostgres } from './raise.ts';
import { quoteText } from './sql.ts';

const TIMESTAMP: ColumnType = { kind: 'timestamp' };
/** Milliseconds of each unit. */
const MILLISECONDS: Readonly<Record<string, number>> = {
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

function toLocal(moment: string, { kind }: ColumnType): string {
  return kind === 'timestamptz' ? `(${moment} AT TIME ZONE 'UTC')` : `CAST(${moment} AS timestamp)`;
}

function fromLocal(local: string, { kind }: ColumnType): string {
  return kind === 'timestamptz' ? `(${local} AT TIME ZONE 'UTC')` : `CAST(${local} AS ${kind})`;
}

/** Counts months from the year 0, which PostgreSQL leaves out. */
function months(local: string): string {
  return `(trunc(extract(year FROM ${local}) + 0.5) * 12 + extract(month FROM ${local}))`;
}

/** Returns SQL of the number of bins from `lo` to `hi`: a numeric, which no number of bins overflows. */
function binCount(lo: string, hi: string, span: string): string {
  const [count, unit] = span.split(' ');
  if (unit === 'month') return `(${months(hi)} - ${months(lo)}) / ${count} + 1`;
  const seconds = (Number(count) * MILLISECONDS[unit!]!) / 1000;
  return `(extract(epoch FROM ${hi}) - extract(epoch FROM ${lo})) / ${seconds} + 1`;
}

export const POSTGRES_BINS: BinSql = {
  series({ lo, hi, span, type, times, most, error }) {
    const [first, last] = [toLocal(lo, type), toLocal(hi, type)];
    const tooMany = `(${binCount(first, last, span)}) * ${times} > ${most}`;
    const raised = raiseInPostgres(error, TIMESTAMP, times);
    const end = `CASE WHEN ${tooMany} THEN ${raised} ELSE ${last} END`;
    return fromLocal(`generate_series(${first}, ${end}, CAST(${quoteText(span)} AS interval))`, type);
  },
  finite: (moment) => `isfinite(${moment})`,
  // Elements of arrays that are null are equal; IS NOT DISTINCT FROM would compare every row with every other.
  same: (a, b) => `ARRAY[${a}] = ARRAY[${b}]`,
};
