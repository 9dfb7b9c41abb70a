/** The SQL of `timechart` behind its groups: every bin from the first to the last, those without rows too. */
import type { WireError } from '../../../core/protocol/errors.ts';
import { STAGE_LIMITS } from '../../../core/protocol/stage-limits.ts';
import type { Column, ColumnType } from '../../../core/protocol/types.ts';
import type { Dialect } from '../../dialects/dialect.ts';

/** Rows in bins: the names of their columns, and the relation that has them. */
export interface BinnedRows {
  readonly rows: string;
  readonly time: string;
  readonly by: Column | null;
  readonly values: readonly string[];
  /** The column with the number of rows in a bin; null in gaps. */
  readonly size: string;
}

export interface Bins {
  readonly type: ColumnType;
  /** Says that the rows lie in bins that are finite; else those of the others are left out here. */
  readonly onlyFinite: boolean;
  /** `5 minute` */
  readonly span: string;
  /** SQL of the bins that `from` and `to` lie in, and of the moment before which the last bin begins; null: the rows' own. */
  readonly first: string | null;
  readonly last: { readonly bin: string; readonly before: string } | null;
  /** The number of values of `by` that are kept, those with the most rows first; null: all. */
  readonly limit: number | null;
  /** The error of too many rows. */
  readonly tooManyRows: WireError;
}

/** Returns SQL of every bin from the first to the last, for every value of `by`, beside what `rows` has there. */
export function gapless(
  { bins, traits, title, quoteName }: Dialect,
  { rows, time, by, values, size }: BinnedRows,
  { type, onlyFinite, first, last, span, limit, tooManyRows }: Bins,
): string {
  // Placement has asked before: only a dialect that has them gets here.
  if (bins === null) throw new Error(`${title} has no bins of time`);
  const t = quoteName(time);
  const c = by === null ? null : quoteName(by.name);
  const collation = by?.type.kind === 'string' ? traits.codePointOrder : '';
  const most =
    limit === null
      ? ''
      : ` ORDER BY sum(${quoteName(size)}) DESC, ${c}${collation} ASC NULLS LAST LIMIT ${limit}`;
  // Without a series nothing is asked for, however many bins there would be.
  const conditions = [...(onlyFinite ? [] : [bins.finite(t)]), ...(limit === 0 ? ['1 = 0'] : [])];
  const from = conditions.length === 0 ? rows : `${rows} WHERE ${conditions.join(' AND ')}`;
  const series = c === null ? 'SELECT 1 AS one' : `SELECT ${c} FROM ${from} GROUP BY ${c}${most}`;
  const every = bins.series({
    lo: 'lo',
    hi: 'hi',
    span,
    type,
    times: 'many',
    most: STAGE_LIMITS.timechartRows,
    error: tooManyRows,
  });
  const items = [`ticks.t AS ${t}`];
  if (c !== null) items.push(`series.${c}`);
  items.push(...[...values, size].map((name) => `${rows}.${quoteName(name)}`));
  const same = c === null ? '' : ` AND ${bins.same(`${rows}.${c}`, `series.${c}`)}`;
  // An infinite bound is none.
  const bounded = (bound: string, own: string): string =>
    `coalesce(CASE WHEN ${bins.finite(bound)} THEN ${bound} END, ${own})`;
  const lo = first === null ? `min(${t})` : bounded(first, `min(${t})`);
  const hi = last === null ? `max(${t})` : bounded(last.bin, `max(${t})`);
  const inOrder = first === null && last === null ? '' : ' WHERE lo <= hi';
  const before = last === null ? '' : ` WHERE ticks.t < ${last.before}`;
  return [
    `WITH series AS${traits.materialized} (${series}),`,
    `ends AS (SELECT ${lo} AS lo, ${hi} AS hi, (SELECT count(*) FROM series) AS many FROM ${from}),`,
    `ticks AS${traits.materialized} (SELECT ${every} AS t FROM ends${inOrder})`,
    `SELECT ${items.join(', ')}`,
    `FROM ticks CROSS JOIN series LEFT JOIN ${rows} ON ${rows}.${t} = ticks.t${same}${before}`,
  ].join('\n');
}
