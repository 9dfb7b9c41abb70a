/** Aggregates in the stage engine, so that they give the numbers that sources give, in whatever order rows come. */
import { decimalSize } from '../../../types/rules.ts';
import { valueType } from '../../../types/typed.ts';
import type { Emitter, FunctionTable } from '../../function-table.ts';
import { aggregate, aggregateText } from '../../standard-sql.ts';
import { duckdbType } from '../sql.ts';
import { exactCorrelation, exactSpread, longMean } from './exact-moments.ts';
import { OUT_OF_RANGE } from './float-range.ts';

/** The engine's `count(*) FILTER (...) OVER (...)` takes time with the square of the rows: 1.5.5, minutes for 500,000. */
const countRows: Emitter = (_, site) =>
  site.condition === null || site.over === ''
    ? aggregateText('count', '*', site)
    : `count(CASE WHEN ${site.condition} THEN 1 END)${site.over}`;

/**
 * The window functions first and last take no FILTER: there the rows that count carry their value in a struct, so that a
 * null that counts differs from a row that does not.
 */
function edge(name: string): Emitter {
  return ([a], site) =>
    site.over === '' || site.condition === null
      ? aggregateText(name, a!, site)
      : `struct_extract(${name}(CASE WHEN ${site.condition} THEN struct_pack(v := ${a}) END IGNORE NULLS)${site.over}, 'v')`;
}

/** -0 becomes 0: which of the two comes out of several rows would depend on their order. */
function extreme(name: string): Emitter {
  return ([a], site) => {
    const plain = aggregateText(name, a!, site);
    return site.call.type.kind === 'float64' ? `(${plain} + 0e0)` : plain;
  };
}

/** Sums floats; fails when the sum of finite numbers is too large for a float. */
const floatSum: Emitter = ([a], site) => {
  const total = aggregateText('sum', a!, site);
  const infinite = aggregateText('bool_or', `NOT isfinite(${a})`, site);
  return `CASE WHEN NOT isfinite(${total}) AND NOT ${infinite} THEN ${OUT_OF_RANGE} ELSE ${total} + 0e0 END`;
};

/** The engine's own sum of decimals may have a digit more than their type, to which a cast is nothing; adding checks. */
const decimalSum: Emitter = ([a], site) =>
  `(${aggregateText('sum', a!, site)} + CAST(0 AS ${duckdbType(valueType(site.call.type))}))`;

/** Digits of a decimal that the engine's own mean adds up: of 38 two may be too much, of 28 ten billion are not. */
const SAFE_DIGITS = 28;

const exactMean: Emitter = ([a], site) => {
  const { type } = site.call.args[0]!;
  return decimalSize(type).precision <= SAFE_DIGITS
    ? aggregateText('avg', a!, site)
    : longMean(a!, type, site);
};

/** NaN where a value is not finite, where the engine's own functions say 0, or fail. */
function floatSpread(name: string): Emitter {
  const least = name.endsWith('_samp') ? 2 : 1;
  return ([a], site) => {
    const finite = aggregateText(name, `CASE WHEN isfinite(${a}) THEN ${a} END`, site);
    const nan = `CASE WHEN ${aggregateText('count', a!, site)} >= ${least} THEN CAST('NaN' AS DOUBLE) END`;
    return `CASE WHEN ${aggregateText('bool_or', `NOT isfinite(${a})`, site)} THEN ${nan} ELSE ${finite} END`;
  };
}

function quantile(name: string): Emitter {
  return ([a], site) => aggregateText(name, `${a}, ${site.call.constants[0]}`, site);
}

export const aggregates = {
  count: aggregate('count'),
  'count/rows': countRows,
  // The engine's own count_if is null where all are null.
  count_if: ([a], site) => aggregateText('count', `CASE WHEN ${a} THEN 1 END`, site),
  dc: ([a], site) => aggregateText('count', `DISTINCT ${a}`, site),
  dc_approx: aggregate('approx_count_distinct'),
  'sum/int64': ([a], site) =>
    `CAST(${aggregateText('sum', a!, site)} AS ${duckdbType(valueType(site.call.type))})`,
  'sum/decimal': decimalSum,
  'sum/float64': floatSum,
  'avg/exact': exactMean,
  'avg/float64': ([a], site) => `(${floatSum([a!], site)} / nullif(${aggregateText('count', a!, site)}, 0))`,
  min: extreme('min'),
  max: extreme('max'),
  median: aggregate('median'),
  quantile: quantile('quantile_cont'),
  quantile_disc: quantile('quantile_disc'),
  'stddev_samp/exact': exactSpread('stddev_samp'),
  'stddev_pop/exact': exactSpread('stddev_pop'),
  'var_samp/exact': exactSpread('var_samp'),
  'var_pop/exact': exactSpread('var_pop'),
  'corr/exact': exactCorrelation,
  'stddev_samp/float64': floatSpread('stddev_samp'),
  'stddev_pop/float64': floatSpread('stddev_pop'),
  'var_samp/float64': floatSpread('var_samp'),
  'var_pop/float64': floatSpread('var_pop'),
  'corr/float64': (args, site) => `nullif(${aggregate('corr')(args, site)}, CAST('NaN' AS DOUBLE))`,
  first: edge('first'),
  last: edge('last'),
  arg_min: aggregate('arg_min'),
  arg_max: aggregate('arg_max'),
  any: aggregate('any_value'),
  list: aggregate('list'),
  mode: aggregate('mode'),
  values: ([a], site) => `list_sort(list_distinct(${aggregateText('list', `DISTINCT ${a}`, site)}))`,
  earliest: aggregate('arg_min_null'),
  latest: aggregate('arg_max_null'),
} satisfies FunctionTable;
