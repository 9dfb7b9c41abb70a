/** Aggregates as PostgreSQL computes them exactly. It has no OVER for DISTINCT and for percentiles. */
import { isOrdinary } from '../../../types/float-range.ts';
import { innermost } from '../../../types/rules.ts';
import { type TypedCall, valueType } from '../../../types/typed.ts';
import type { AggregateText, Emitter, FunctionTable, Row } from '../../function-table.ts';
import { aggregate, aggregateText, windowed } from '../../standard-sql.ts';
import { correlationOf, withoutNulls } from '../../standard-sums.ts';
import { byCodePoint, postgresType, withUsualCollation } from '../sql.ts';

/** -0 becomes 0: which of the two comes out of several rows would depend on their order. */
function unsignedZero(sql: string): string {
  return `(${sql} + 0e0)`;
}

const exactSum: Emitter = ([a], site) =>
  `CAST(${aggregateText('sum', a!, site)} AS ${postgresType(valueType(site.call.type))})`;

/** PostgreSQL's own `avg` of floats also adds up squares, and fails where those are too big. */
const sumByCount: Emitter = ([a], site) =>
  `(${unsignedZero(aggregateText('sum', a!, site))} / nullif(${aggregateText('count', a!, site)}, 0))`;

/** Kinds of values of which PostgreSQL has the same least and greatest. Of equal intervals (1 day, 24 hours) each takes another. */
const ORDERED_KINDS = 'float64 string bool int64 decimal date time timestamp timestamptz'.split(' ');

/** `ofBools`: the aggregate that bools have instead. */
function extreme(name: string, ofBools: string): Row {
  return {
    emit([a], site) {
      const { kind } = site.call.type;
      if (kind === 'string') return withUsualCollation(`(${aggregateText(name, byCodePoint(a!), site)})`);
      const plain = aggregateText(kind === 'bool' ? ofBools : name, a!, site);
      return kind === 'float64' ? unsignedZero(plain) : plain;
    },
    exact: ({ type }) => ORDERED_KINDS.includes(type.kind),
  };
}

function isNoList({ args }: TypedCall): boolean {
  return args[0]!.type.kind !== 'list';
}

/**
 * The first or last value. PostgreSQL has no aggregate for it, so it is taken from an array of all of them. With an OVER it has
 * a window function, which looks at one row where the array would be made anew for each; but that one skips no rows.
 */
function edge(windowFunction: string, place: (site: AggregateText) => string): Row {
  const ofArray: Emitter = ([a], site) => `(${aggregateText('array_agg', a!, site)})[${place(site)}]`;
  return {
    emit: ofArray,
    over: (args, site) => (site.condition === null ? windowed(windowFunction) : ofArray)(args, site),
    exact: isNoList,
  };
}

/** json has no equality in PostgreSQL. Texts are sorted for it, which is fastest by code point. */
const distinctCount: Row = {
  emit([a], site) {
    const value = site.call.args[0]!.type.kind === 'string' ? byCodePoint(a!) : a!;
    return aggregateText('count', `DISTINCT ${value}`, site);
  },
  over: null,
  exact: ({ args }) => innermost(args[0]!.type).kind !== 'json',
};

function withinGroup(name: string, q: string, value: string, { filter }: AggregateText): string {
  return `${name}(${q}) WITHIN GROUP (ORDER BY ${value})${filter}`;
}

function areOrdinary({ args }: TypedCall): boolean {
  return args.every(isOrdinary);
}

/** Between -Infinity and 0 lies NaN in PostgreSQL, and -Infinity in the engine. */
const quantile: Row = {
  emit: ([a], site) => withinGroup('percentile_cont', site.call.constants[0] ?? '0.5', a!, site),
  over: null,
  exact: areOrdinary,
};

/** Quantile of texts by code point. The engines pick differently among equal intervals (1 day, 24 hours), and among 0 and -0. */
const discreteQuantile: Row = {
  emit([a], site) {
    const { type, constants } = site.call;
    return type.kind === 'string'
      ? withUsualCollation(`(${withinGroup('percentile_disc', constants[0]!, byCodePoint(a!), site)})`)
      : withinGroup('percentile_disc', constants[0]!, a!, site);
  },
  over: null,
  exact: ({ type }) => type.kind !== 'interval' && type.kind !== 'float64',
};

/** PostgreSQL's own `stddev` of numerics rounds roots from ten million up to whole numbers. */
function exactSpread(variance: string): Emitter {
  return ([a], site) => `CAST(${aggregateText(variance, a!, site)} AS float8)`;
}

function exactDeviation(variance: string): Emitter {
  return (args, site) => `sqrt(${exactSpread(variance)(args, site)})`;
}

const exactCorrelation: Emitter = ([a, b], site) => {
  const [x, y] = withoutNulls(`CAST(${a} AS numeric)`, `CAST(${b} AS numeric)`);
  const sum = (inside: string): string => aggregateText('sum', inside, site);
  const form = (one: string, other: string): string =>
    `CAST(${aggregateText('count', x, site)} * ${sum(`${one} * ${other}`)} - ${sum(one)} * ${sum(other)} AS float8)`;
  return correlationOf(form(x, y), form(x, x), form(y, y));
};

export const aggregates = {
  count: aggregate('count'),
  'count/rows': (_, site) => aggregateText('count', '*', site),
  count_if: ([a], site) => aggregateText('count', `CASE WHEN ${a} THEN 1 END`, site),
  dc: distinctCount,
  'sum/int64': exactSum,
  'sum/decimal': exactSum,
  'sum/float64': ([a], site) => unsignedZero(aggregateText('sum', a!, site)),
  'avg/exact': ([a], site) => `CAST(${aggregateText('avg', a!, site)} AS float8)`,
  'avg/float64': sumByCount,
  min: extreme('min', 'bool_and'),
  max: extreme('max', 'bool_or'),
  median: quantile,
  quantile,
  quantile_disc: discreteQuantile,
  'stddev_samp/exact': exactDeviation('var_samp'),
  'stddev_pop/exact': exactDeviation('var_pop'),
  'var_samp/exact': exactSpread('var_samp'),
  'var_pop/exact': exactSpread('var_pop'),
  'corr/exact': exactCorrelation,
  'stddev_samp/float64': aggregate('stddev_samp'),
  'stddev_pop/float64': aggregate('stddev_pop'),
  'var_samp/float64': aggregate('var_samp'),
  'var_pop/float64': aggregate('var_pop'),
  // PostgreSQL makes NaN of two infinite numbers, and the engine something between -1 and 1, or an error.
  'corr/float64': { emit: aggregate('corr'), exact: areOrdinary },
  first: edge('first_value', () => '1'),
  last: edge('last_value', ({ filter, over }) => `count(*)${filter}${over}`),
  // No rows give null in both; but lists of lists are arrays of several dimensions, of one length each.
  list: { emit: aggregate('array_agg'), exact: isNoList },
} satisfies FunctionTable;
