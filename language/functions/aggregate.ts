/**
 * Aggregates, for `stats` and its like. Nulls do not count, except in `count()`, `first`, `last`, `list`, `earliest`
 * and `latest`. `first`, `last` and `list` follow the order of a `sort` before; without one they take the rows as they come.
 */
import {
  type CallSite,
  callError,
  columnTypeOf,
  constantText,
  describeArgument,
  type FunctionDefinition,
  type Overload,
  overloads,
  typedCall,
} from '../function.ts';
import {
  BIG_INTEGER,
  decimal,
  decimalSize,
  type ExprType,
  FLOAT64,
  INT64,
  isUnsized,
  UNSIZED_DECIMAL,
} from '../type-rules.ts';
import type { AggregateText, Typed } from '../typed.ts';

const UNORDERED = { ordered: false };
const ORDERED = { ordered: true };

/** `f(inside) FILTER (...) OVER (...)` */
function call(name: string, inside: string, { order, filter, over }: AggregateText): string {
  return `${name}(${inside}${order})${filter}${over}`;
}

function row(
  takes: Overload['takes'],
  returns: Overload['returns'],
  name: string,
  aggregate = UNORDERED,
): Overload {
  return { takes, returns, aggregate, duckdb: (args, text) => call(name, args.join(', '), text) };
}

const keep = (args: readonly Typed[]): ExprType => args[0]!.type;

function aggregate(
  name: string,
  args: string,
  summary: string,
  example: FunctionDefinition['example'],
  rows: readonly Overload[],
  aliases: readonly string[] = [],
): FunctionDefinition {
  return {
    name,
    aliases,
    syntax: `${name}(${args})`,
    summary,
    example,
    aggregate: true,
    resolve: overloads(...rows),
  };
}

/** Like `aggregate`, for values that have an order. */
function ordered(definition: FunctionDefinition, argument = 0): FunctionDefinition {
  const resolve = (site: CallSite): Typed => {
    const arg = site.args[argument];
    if (arg !== undefined && (arg.type.kind === 'json' || arg.type.kind === 'list'))
      throw callError(
        site,
        'wrong-type',
        `\`${site.name}\` wants values that have an order, but ${describeArgument(site, arg)}`,
        `cast it: \`cast(${site.textOf(arg.span)} as string)\``,
        arg.span,
      );
    return definition.resolve(site);
  };
  return { ...definition, resolve };
}

/** Sums never wrap: of int64 as decimal(38,0), of decimals with their scale, of floats as float64. */
function sum(site: CallSite): Typed {
  const checked = overloads({ takes: ['number'], returns: INT64, duckdb: ([a]) => a! })(site);
  const args = checked.kind === 'call' ? checked.args : [];
  const type = args[0]!.type;
  if (type.kind === 'float64' || type.kind === 'null')
    return typedCall(site, FLOAT64, args, ([a], text) => call('sum', a!, text), UNORDERED);
  if (type.kind === 'int64')
    return typedCall(
      site,
      BIG_INTEGER,
      args,
      ([a], text) => `CAST(${call('sum', a!, text)} AS DECIMAL(38,0))`,
      UNORDERED,
    );
  const result = isUnsized(type) ? UNSIZED_DECIMAL : decimal(38, decimalSize(type).scale);
  return typedCall(site, result, args, ([a], text) => call('sum', a!, text), UNORDERED);
}

function quantileOf(site: CallSite, args: readonly Typed[], q: string): Typed {
  const checked = overloads({ takes: ['float64'], returns: FLOAT64, duckdb: ([a]) => a! })({ ...site, args });
  const inner = checked.kind === 'call' ? checked.args : [];
  return typedCall(site, FLOAT64, inner, ([a], text) => call('quantile_cont', `${a}, ${q}`, text), UNORDERED);
}

/** The quantile written as the second argument. */
function quantileAt(site: CallSite): string {
  if (site.args.length !== 2)
    throw callError(
      site,
      'wrong-arguments',
      `\`${site.name}\` takes 2 arguments, not ${site.args.length}`,
      `write \`${site.name}(x, 0.95)\``,
    );
  const q = constantText(site, 1, 'the quantile');
  if (q.trim() !== '' && Number(q) >= 0 && Number(q) <= 1) return String(Number(q));
  throw callError(
    site,
    'wrong-arguments',
    'a quantile lies between 0 and 1',
    'write 0.95 for the 95th percentile',
    site.args[1]!.span,
  );
}

function quantile(site: CallSite): Typed {
  const q = quantileAt(site);
  return quantileOf(site, site.args.slice(0, 1), q);
}

/** Of values as they are, not interpolated. */
function quantileAmong(site: CallSite): Typed {
  const q = quantileAt(site);
  const [value] = site.args;
  if (value!.type.kind === 'json' || value!.type.kind === 'list')
    throw callError(
      site,
      'wrong-type',
      `\`${site.name}\` wants values that have an order, but ${describeArgument(site, value!)}`,
      'compute a key of it before with `eval`',
      value!.span,
    );
  return typedCall(
    site,
    value!.type,
    [value!],
    ([a], text) => call('quantile_disc', `${a}, ${q}`, text),
    UNORDERED,
  );
}

/** p50(x), p95(x): the percentile is in the name. */
function percentile(site: CallSite): Typed {
  return quantileOf(site, site.args, String(Number(site.name.slice(1)) / 100));
}

const PERCENTILES = Array.from({ length: 99 }, (_, index) => `p${index + 1}`);

function spread(
  name: string,
  duckName: string,
  summary: string,
  value: number,
  aliases: readonly string[] = [],
): FunctionDefinition {
  return aggregate(
    name,
    'x',
    summary,
    [`round(${name}(x), 4)`, value],
    [row(['float64'], FLOAT64, duckName)],
    aliases,
  );
}

/**
 * first and last. As window functions they take no FILTER: there the rows that count carry their value in a struct,
 * so that a null that counts differs from a row that does not.
 */
function edge(name: 'first' | 'last'): Overload {
  return {
    takes: ['any'],
    returns: keep,
    aggregate: ORDERED,
    duckdb: ([a], text) =>
      text.over === '' || text.condition === null
        ? call(name, a!, text)
        : `struct_extract(${name}(CASE WHEN ${text.condition} THEN struct_pack(v := ${a}) END IGNORE NULLS)${text.over}, 'v')`,
  };
}

const listOf = (args: readonly Typed[]): ExprType => ({ kind: 'list', of: columnTypeOf(args[0]!) });

const countRows: Overload = {
  takes: [],
  returns: INT64,
  aggregate: UNORDERED,
  duckdb: (_, text) => call('count', '*', text),
};
const countTrue: Overload = {
  takes: ['bool'],
  returns: INT64,
  aggregate: UNORDERED,
  duckdb: ([a], text) => call('count_if', a!, text),
};
const countDistinct: Overload = {
  takes: ['any'],
  returns: INT64,
  aggregate: UNORDERED,
  duckdb: ([a], text) => call('count', `DISTINCT ${a}`, text),
};

const distinctValues: Overload = {
  takes: ['any'],
  returns: listOf,
  aggregate: UNORDERED,
  duckdb: ([a], text) => `list_sort(list_distinct(${call('list', `DISTINCT ${a}`, text)}))`,
};

export const functions: readonly FunctionDefinition[] = [
  aggregate(
    'count',
    '[x]',
    'Number of rows, or of values that are not null.',
    ['count()', 4],
    [countRows, row(['any'], INT64, 'count')],
  ),
  aggregate(
    'count_if',
    'condition',
    'Number of rows for which it is true.',
    ['count_if(x > 2)', 2],
    [{ ...countTrue, duckdb: ([a], text) => `CAST(${call('count_if', a!, text)} AS BIGINT)` }],
    ['countif'],
  ),
  aggregate(
    'dc',
    'x',
    'Number of different values, exact; null does not count.',
    ['dc(s)', 2],
    [countDistinct],
    ['dcount', 'count_distinct'],
  ),
  {
    name: 'sum',
    syntax: 'sum(x)',
    summary: 'Sum; of int64 as decimal(38,0), so that nothing overflows.',
    example: ['sum(x)', 10],
    aggregate: true,
    resolve: sum,
  },
  aggregate('avg', 'x', 'Mean, a float64.', ['avg(x)', 2.5], [row(['number'], FLOAT64, 'avg')], ['mean']),
  ordered(aggregate('min', 'x', 'Least value.', ['min(x)', 1], [row(['any'], keep, 'min')])),
  ordered(aggregate('max', 'x', 'Greatest value.', ['max(s)', 'b'], [row(['any'], keep, 'max')])),
  aggregate(
    'median',
    'x',
    'Middle value, interpolated, a float64.',
    ['median(x)', 2.5],
    [row(['float64'], FLOAT64, 'median')],
  ),
  {
    name: 'p50',
    aliases: PERCENTILES.filter((name) => name !== 'p50'),
    syntax: 'p1(x) ... p99(x)',
    summary: 'Percentile, interpolated, a float64.',
    example: ['p25(x)', 1.75],
    aggregate: true,
    resolve: percentile,
  },
  {
    name: 'quantile',
    syntax: 'quantile(x, q)',
    summary: 'Quantile for q from 0 to 1, interpolated, a float64.',
    example: ['quantile(x, 0.5)', 2.5],
    aggregate: true,
    resolve: quantile,
  },
  spread('stddev', 'stddev_samp', 'Standard deviation of a sample.', 1.291, ['stddev_samp']),
  spread('stddev_pop', 'stddev_pop', 'Standard deviation of a population.', 1.118),
  spread('var', 'var_samp', 'Variance of a sample.', 1.6667, ['variance', 'var_samp']),
  spread('var_pop', 'var_pop', 'Variance of a population.', 1.25),
  aggregate('first', 'x', 'Value of the first row, null or not.', ['first(x)', 1], [edge('first')]),
  aggregate('last', 'x', 'Value of the last row, null or not.', ['last(x)', 4], [edge('last')]),
  ordered(
    aggregate(
      'arg_min',
      'x, by',
      'x where `by` is least.',
      ['arg_min(s, x)', 'a'],
      [row(['any', 'any'], keep, 'arg_min')],
    ),
    1,
  ),
  ordered(
    aggregate(
      'arg_max',
      'x, by',
      'x where `by` is greatest; rows where one is null do not count.',
      ['arg_max(s, x)', 'b'],
      [row(['any', 'any'], keep, 'arg_max')],
    ),
    1,
  ),
  aggregate(
    'any',
    'x',
    'Some value that is not null.',
    ['any(1)', 1],
    [row(['any'], keep, 'any_value')],
    ['any_value'],
  ),
  aggregate(
    'list',
    'x',
    'All values as a list, null ones too.',
    ['list(x)', [1, 2, 3, 4]],
    [row(['any'], listOf, 'list', ORDERED)],
    ['collect'],
  ),
  aggregate('mode', 'x', 'Most frequent value.', ['mode(s)', 'b'], [row(['any'], keep, 'mode')]),
  ordered(
    aggregate(
      'values',
      'x',
      'The different values as a list, sorted; null does not count.',
      ['values(s)', ['a', 'b']],
      [distinctValues],
      ['make_set'],
    ),
  ),
  aggregate(
    'earliest',
    'x, time',
    'x of the row with the least time, null or not; of several such rows any one.',
    ["earliest(s, date '2020-01-01' + x)", 'a'],
    [row(['any', 'moment'], keep, 'arg_min_null')],
  ),
  aggregate(
    'latest',
    'x, time',
    'x of the row with the greatest time, null or not.',
    ["latest(x, date '2020-01-01' + x)", 4],
    [row(['any', 'moment'], keep, 'arg_max_null')],
  ),
  aggregate(
    'dc_approx',
    'x',
    'About how many different values, within a few percent, in little memory.',
    ['dc_approx(s)', 2],
    [row(['any'], INT64, 'approx_count_distinct')],
    ['approx_count_distinct', 'approx_dc', 'estdc'],
  ),
  {
    name: 'quantile_disc',
    syntax: 'quantile_disc(x, q)',
    summary:
      'The least value that at least the part q of the values is not above: one of them, of any type with an order.',
    example: ['quantile_disc(x, 0.5)', 2],
    aggregate: true,
    resolve: quantileAmong,
  },
  aggregate(
    'corr',
    'x, y',
    'Correlation of Pearson, from -1 to 1; rows where one is null do not count.',
    ['round(corr(x, 2 * x), 4)', 1],
    [row(['float64', 'float64'], FLOAT64, 'corr')],
  ),
];
