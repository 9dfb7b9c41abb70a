/** The SQL of `timechart` in the stage engine: every bin from the first to the last, those without rows too. */
import { STAGE_LIMITS } from '../../../core/protocol/stage-limits.ts';
import type { ColumnType } from '../../../core/protocol/types.ts';
import { STAGE_ENGINE } from '../../dialects/registry.ts';

const { quoteName, quoteText, typeName } = STAGE_ENGINE;

/** Returns SQL of the number of bins from `lo` to `hi`. */
function binCount(span: string): string {
  const [count, unit] = span.split(' ');
  if (unit === 'month') return `date_diff('month', lo, hi) // ${count} + 1`;
  const us = { millisecond: 1e3, second: 1e6, minute: 6e7, hour: 36e8, day: 864e8 }[unit ?? ''];
  return `(epoch_us(hi) - epoch_us(lo)) // ${BigInt(us ?? 1) * BigInt(count ?? 1)} + 1`;
}

/** Rows in bins: the names of their columns, and the relation that has them. */
export interface BinnedRows {
  readonly rows: string;
  readonly time: string;
  readonly by: string | null;
  readonly values: readonly string[];
  /** The column with the number of rows in a bin; null in gaps. */
  readonly size: string;
}

export interface Bins {
  readonly type: ColumnType;
  /** `5 minute` */
  readonly span: string;
  /** The number of values of `by` that are kept, those with the most rows first; null: all. */
  readonly limit: number | null;
  /** SQL that raises the error of too many rows. */
  readonly tooManyRows: string;
}

/** Every bin from the first to the last, for every value of `by`, beside what `rows` has there. */
export function gapless(
  { rows, time, by, values, size }: BinnedRows,
  { type, span, limit, tooManyRows }: Bins,
): string {
  const [t, c] = [quoteName(time), by === null ? null : quoteName(by)];
  const most =
    limit === null ? '' : ` ORDER BY sum(${quoteName(size)}) DESC, ${c} ASC NULLS LAST LIMIT ${limit}`;
  const series = c === null ? 'SELECT 1 AS one' : `SELECT ${c} FROM ${rows} GROUP BY ${c}${most}`;
  const step = `INTERVAL ${quoteText(span)}`;
  const items = [`ticks.t AS ${t}`];
  if (c !== null) items.push(`series.${c}`);
  items.push(...[...values, size].map((name) => `${rows}.${quoteName(name)}`));
  const same = c === null ? '' : ` AND ${rows}.${c} IS NOT DISTINCT FROM series.${c}`;
  return [
    `WITH series AS MATERIALIZED (${series}),`,
    `ends AS (SELECT min(${t}) AS lo, max(${t}) AS hi, (SELECT count(*) FROM series) AS many FROM ${rows}),`,
    `ticks AS (SELECT CAST(unnest(CASE WHEN (${binCount(span)}) * many > ${STAGE_LIMITS.timechartRows} THEN ${tooManyRows} ELSE generate_series(lo, hi, ${step}) END) AS ${typeName(type)}) AS t FROM ends)`,
    `SELECT ${items.join(', ')}`,
    `FROM ticks CROSS JOIN series LEFT JOIN ${rows} ON ${rows}.${t} = ticks.t${same}`,
  ].join('\n');
}
