/**
 * Aggregates as Spark computes them exactly. Rows have no order in Spark. Left out for that: sums and means of floats, whose digits follow from
 * the order in which they are added; `first`, `last`, `any`, `list`, and everything that picks one of equal rows.
 */
import { isOrdinary } from '../../../types/float-range.ts';
import type { TypedCall } from '../../../types/typed.ts';
import { valueType } from '../../../types/typed.ts';
import { isComparable, isSummable, SUMMED_DIGITS } from '../../exact-calls.ts';
import type { Emitter, FunctionTable, Row } from '../../function-table.ts';
import { aggregate, aggregateText, away, windowed } from '../../standard-sql.ts';
import { castTo } from '../sql.ts';

const sumOfInts: Emitter = ([a], site) =>
  aggregate('sum')([castTo(a!, { kind: 'decimal', precision: SUMMED_DIGITS, scale: 0 })], site);

const exactSum = (emit: Emitter): Row => ({
  emit: (args, site) => castTo(emit(args, site), valueType(site.call.type)),
  exact: isSummable,
});

const sumOf: Emitter = (args, site) =>
  site.call.args[0]!.type.kind === 'int64' ? sumOfInts(args, site) : aggregate('sum')(args, site);

const mean: Row = {
  emit: (args, site) =>
    `(CAST(${sumOf(args, site)} AS double) / nullif(CAST(${aggregate('count')(args, site)} AS double), 0.0D))`,
  exact: isSummable,
};

/** -0 becomes 0: which of the two comes out of several rows would depend on their order. */
const extreme = (name: string): Row => ({
  emit: (args, site) =>
    site.call.type.kind === 'float64'
      ? `(${aggregate(name)(args, site)} + 0.0D)`
      : aggregate(name)(args, site),
  exact: ({ type }) => isComparable(type),
});

const percentile: Row = {
  emit: ([a], site) =>
    `(${aggregateText('percentile', `CAST(${a} AS double), ${site.call.constants[0] ?? '0.5'}D`, site)} + 0.0D)`,
  over: null,
  // Spark orders infinite floats, and those that are no numbers, otherwise.
  exact: ({ type, args }) => type.kind === 'float64' && isOrdinary(args[0]!),
};

const isKnown = ({ args }: TypedCall): boolean => isComparable(args[0]!.type);

export const aggregates = {
  count: aggregate('count'),
  'count/rows': (_, site) => aggregate('count')(['*'], site),
  count_if: ([a], site) => aggregate('count')([`CASE WHEN ${a} THEN 1 END`], site),
  dc: { emit: ([a], site) => aggregateText('count', `DISTINCT ${a}`, site), over: null, exact: isKnown },
  'sum/int64': exactSum(sumOfInts),
  'sum/decimal': exactSum(aggregate('sum')),
  'avg/exact': mean,
  min: extreme('min'),
  max: extreme('max'),
  median: percentile,
  quantile: percentile,
  row_number: windowed('row_number'),
  rank: windowed('rank'),
  dense_rank: windowed('dense_rank'),
  ntile: (_, { over, call }) => `ntile(${call.constants[0]})${over}`,
  lag: away('lag'),
  lead: away('lead'),
  first_value: windowed('first_value'),
  last_value: windowed('last_value'),
} satisfies FunctionTable;
