/**
 * Aggregates, for `stats` and its like. Nulls do not count, except in `count()`, `first`, `last`, `list`, `earliest`
 * and `latest`. `first`, `last` and `list` follow the order of a `sort` before; without one they take the rows as they come.
 */
import { FLOAT64, INT64 } from '../types/rules.ts';
import { aggregate, keep, listOf, never, ORDERED, ordered, row } from './aggregate-calls.ts';
import {
  correlation,
  mean,
  PERCENTILES,
  percentile,
  quantile,
  quantileAmong,
  spread,
  sum,
} from './aggregate-numbers.ts';
import type { FunctionDefinition } from './kit/function.ts';

/** min and max; text by code point. */
function extreme(
  key: 'min' | 'max',
  summary: string,
  example: FunctionDefinition['example'],
): FunctionDefinition {
  return never(ordered(aggregate(key, 'x', summary, example, [row(key, ['any'], keep)])));
}

function edge(
  key: 'first' | 'last',
  summary: string,
  example: FunctionDefinition['example'],
): FunctionDefinition {
  return never(aggregate(key, 'x', summary, example, [row(key, ['any'], keep, ORDERED)]));
}

export const functions: readonly FunctionDefinition[] = [
  never(
    aggregate(
      'count',
      '[x]',
      'Number of rows, or of values that are not null.',
      ['count()', 4],
      [row('count/rows', [], INT64), row('count', ['any'], INT64)],
    ),
  ),
  never(
    aggregate(
      'count_if',
      'condition',
      'Number of rows for which it is true.',
      ['count_if(x > 2)', 2],
      [row('count_if', ['bool'], INT64)],
      ['countif'],
    ),
  ),
  never(
    aggregate(
      'dc',
      'x',
      'Number of different values, exact; null does not count.',
      ['dc(s)', 2],
      [row('dc', ['any'], INT64)],
      ['dcount', 'count_distinct'],
    ),
  ),
  {
    name: 'sum',
    syntax: 'sum(x)',
    summary: 'Sum; of int64 as decimal(38,0), so that nothing overflows.',
    example: ['sum(x)', 10],
    aggregate: true,
    resolve: sum,
  },
  {
    name: 'avg',
    aliases: ['mean', 'average'],
    syntax: 'avg(x)',
    summary: 'Mean, a float64.',
    example: ['avg(x)', 2.5],
    aggregate: true,
    resolve: mean,
  },
  extreme('min', 'Least value.', ['min(x)', 1]),
  extreme('max', 'Greatest value.', ['max(s)', 'b']),
  aggregate(
    'median',
    'x',
    'Middle value, interpolated, a float64.',
    ['median(x)', 2.5],
    [row('median', ['float64'], FLOAT64)],
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
  edge('first', 'Value of the first row, null or not.', ['first(x)', 1]),
  edge('last', 'Value of the last row, null or not.', ['last(x)', 4]),
  ordered(
    aggregate(
      'arg_min',
      'x, by',
      'x where `by` is least.',
      ['arg_min(s, x)', 'a'],
      [row('arg_min', ['any', 'any'], keep)],
    ),
    1,
  ),
  ordered(
    aggregate(
      'arg_max',
      'x, by',
      'x where `by` is greatest; rows where one is null do not count.',
      ['arg_max(s, x)', 'b'],
      [row('arg_max', ['any', 'any'], keep)],
    ),
    1,
  ),
  never(
    aggregate(
      'any',
      'x',
      'Some value that is not null.',
      ['any(1)', 1],
      [row('any', ['any'], keep)],
      ['any_value'],
    ),
  ),
  never(
    aggregate(
      'list',
      'x',
      'All values as a list, null ones too.',
      ['list(x)', [1, 2, 3, 4]],
      [row('list', ['any'], listOf, ORDERED)],
      ['collect', 'array_agg'],
    ),
  ),
  aggregate('mode', 'x', 'Most frequent value.', ['mode(s)', 'b'], [row('mode', ['any'], keep)]),
  ordered(
    aggregate(
      'values',
      'x',
      'The different values as a list, sorted; null does not count.',
      ['values(s)', ['a', 'b']],
      [row('values', ['any'], listOf)],
      ['make_set'],
    ),
  ),
  aggregate(
    'earliest',
    'x, time',
    'x of the row with the least time, null or not; of several such rows any one.',
    ["earliest(s, date '2020-01-01' + x)", 'a'],
    [row('earliest', ['any', 'moment'], keep)],
  ),
  aggregate(
    'latest',
    'x, time',
    'x of the row with the greatest time, null or not.',
    ["latest(x, date '2020-01-01' + x)", 4],
    [row('latest', ['any', 'moment'], keep)],
  ),
  aggregate(
    'dc_approx',
    'x',
    'About how many different values, within a few percent, in little memory.',
    ['dc_approx(s)', 2],
    [row('dc_approx', ['any'], INT64)],
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
  correlation,
];
