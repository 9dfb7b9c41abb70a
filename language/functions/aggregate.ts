/**
 * Aggregates, for `stats` and its like. Nulls do not count, except in `count()`, `first`, `last`, `list`, `earliest`
 * and `latest`. `first`, `last` and `list` follow the order of a `sort` before; without one they take the rows as they come.
 */

import { postgresType } from '../dialects/postgres-sql.ts';
import {
  type CallSite,
  callError,
  columnTypeOf,
  constantText,
  describeArgument,
  emittersOf,
  type FunctionDefinition,
  type Overload,
  overloads,
  typedCall,
} from '../function.ts';
import {
  decimal,
  decimalSize,
  type ExprType,
  FLOAT64,
  INT64,
  isUnsized,
  UNSIZED_DECIMAL,
} from '../type-rules.ts';
import type { AggregateText, Emitter, Typed } from '../typed.ts';
import { isOrdinary, OUT_OF_RANGE } from './float-range.ts';

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
  inPostgres: Partial<Overload> = {},
  aggregate = UNORDERED,
): Overload {
  return {
    takes,
    returns,
    aggregate,
    duckdb: (args, text) => call(name, args.join(', '), text),
    ...inPostgres,
  };
}

/** The same in PostgreSQL for a group and on every row. */
function everywhere(emit: Emitter): Pick<Overload, 'postgres' | 'postgresOver'> {
  return { postgres: emit, postgresOver: emit };
}

/** An ordered-set aggregate: it has no OVER, so it is exact for a group alone. */
function withinGroup(name: string, q: string): Emitter {
  return ([a], { filter }) => `${name}(${q}) WITHIN GROUP (ORDER BY ${a})${filter}`;
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
    return typedCall(
      site,
      FLOAT64,
      args,
      emittersOf(floatSum, unsignedZero(plainSum), unsignedZero(plainSum)),
      UNORDERED,
    );
  const whole = type.kind === 'int64';
  const result = whole || !isUnsized(type) ? decimal(38, decimalSize(type).scale) : UNSIZED_DECIMAL;
  const exact: Emitter = ([a], text) => `CAST(${plainSum([a!], text)} AS ${postgresType(result)})`;
  const duckdb: Emitter = whole ? ([a], text) => `CAST(${plainSum([a!], text)} AS DECIMAL(38,0))` : plainSum;
  return typedCall(site, result, args, emittersOf(duckdb, exact, exact), UNORDERED);
}

const plainSum: Emitter = ([a], text) => call('sum', a!, text);

/** -0 becomes 0: which of the two comes out of several rows would depend on their order. */
function unsignedZero(emit: Emitter): Emitter {
  return (args, text) => `(${emit(args, text)} + 0e0)`;
}

/** Too big a sum of finite numbers fails, as in PostgreSQL. */
const floatSum: Emitter = ([a], text) => {
  const total = call('sum', a!, text);
  const infinite = call('bool_or', `NOT isfinite(${a})`, text);
  return `CASE WHEN NOT isfinite(${total}) AND NOT ${infinite} THEN ${OUT_OF_RANGE} ELSE ${total} + 0e0 END`;
};

/** A float64. Of integers and decimals from their exact sum; of floats as sum by count (see `sumByCount`). */
function mean(site: CallSite): Typed {
  const checked = overloads({ takes: ['number'], returns: INT64, duckdb: ([a]) => a! })(site);
  const args = checked.kind === 'call' ? checked.args : [];
  const float = args[0]!.type.kind === 'float64' || args[0]!.type.kind === 'null';
  const average: Emitter = ([a], text) => call('avg', a!, text);
  const exact: Emitter = ([a], text) => `CAST(${average([a!], text)} AS float8)`;
  const emitters = float ? emittersOf(floatMean, sumByCount, sumByCount) : emittersOf(average, exact, exact);
  return typedCall(site, FLOAT64, args, emitters, UNORDERED);
}

/** PostgreSQL's own `avg` of floats also adds up squares, and fails where those are too big. */
const sumByCount: Emitter = ([a], text) =>
  `((${call('sum', a!, text)} + 0e0) / nullif(${call('count', a!, text)}, 0))`;
const floatMean: Emitter = ([a], text) => `(${floatSum([a!], text)} / nullif(${call('count', a!, text)}, 0))`;

/** Between -Infinity and 0 lies NaN in PostgreSQL, and -Infinity in the engine. */
function interpolated(q: string): (args: readonly Typed[]) => Emitter | null {
  return ([a]) => (isOrdinary(a!) ? withinGroup('percentile_cont', q) : null);
}

function quantileOf(site: CallSite, args: readonly Typed[], q: string): Typed {
  const checked = overloads({ takes: ['float64'], returns: FLOAT64, duckdb: ([a]) => a! })({ ...site, args });
  const inner = checked.kind === 'call' ? checked.args : [];
  const duckdb: Emitter = ([a], text) => call('quantile_cont', `${a}, ${q}`, text);
  return typedCall(site, FLOAT64, inner, emittersOf(duckdb, interpolated(q)(inner)), UNORDERED);
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

/** By code point; of equal intervals (1 day, 24 hours) each takes another, and so with 0 and -0. */
function discrete(type: ExprType, q: string): Emitter | null {
  if (type.kind === 'interval' || type.kind === 'float64') return null;
  const emit = withinGroup('percentile_disc', q);
  return type.kind === 'string' ? ([a], text) => emit([`${a} COLLATE "C"`], text) : emit;
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
    emittersOf(([a], text) => call('quantile_disc', `${a}, ${q}`, text), discrete(value!.type, q)),
    UNORDERED,
  );
}

/** p50(x), p95(x): the percentile is in the name. */
function percentile(site: CallSite): Typed {
  return quantileOf(site, site.args, String(Number(site.name.slice(1)) / 100));
}

const PERCENTILES = Array.from({ length: 99 }, (_, index) => `p${index + 1}`);

/** Of two infinite numbers PostgreSQL makes NaN, and the engine something between -1 and 1, or an error. */
function ofOrdinary(name: string): Partial<Overload> {
  const emit: Emitter = (args, text) => call(name, args.join(', '), text);
  const chosen = (args: readonly Typed[]): Emitter | null => (args.every(isOrdinary) ? emit : null);
  return { postgresFor: chosen, postgresOverFor: chosen };
}

/** Spread is NaN where a value is not finite; the engine's own functions say 0, or fail. */
function spread(
  name: string,
  engineName: string,
  summary: string,
  value: number,
  aliases: readonly string[] = [],
): FunctionDefinition {
  const least = engineName.endsWith('_samp') ? 2 : 1;
  const duckdb: Emitter = ([a], text) => {
    const finite = call(engineName, `CASE WHEN isfinite(${a}) THEN ${a} END`, text);
    const nan = `CASE WHEN ${call('count', a!, text)} >= ${least} THEN CAST('NaN' AS DOUBLE) END`;
    return `CASE WHEN ${call('bool_or', `NOT isfinite(${a})`, text)} THEN ${nan} ELSE ${finite} END`;
  };
  const postgres: Emitter = ([a], text) => call(engineName, a!, text);
  return aggregate(
    name,
    'x',
    summary,
    [`round(${name}(x), 4)`, value],
    [row(['float64'], FLOAT64, engineName, { duckdb, ...everywhere(postgres) })],
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
    postgresFor: ([a]) => (a!.type.kind === 'list' ? null : edgeOfArray(name)),
    postgresOver: ([a], text) =>
      text.condition === null ? `${name}_value(${a})${text.over}` : edgeOfArray(name)([a!], text),
  };
}

/** min and max; text by code point. */
function extreme(name: 'min' | 'max', summary: string, example: FunctionDefinition['example']) {
  const plain: Emitter = ([a], text) => call(name, a!, text);
  const resolve = overloads({ takes: ['any'], returns: keep, aggregate: UNORDERED, duckdb: plain });
  return ordered({
    ...aggregate(name, 'x', summary, example, []),
    resolve(site) {
      const typed = resolve(site);
      if (typed.kind !== 'call') return typed;
      const postgres = extremeInPostgres(name, plain, typed.type);
      const duckdb = typed.type.kind === 'float64' ? unsignedZero(plain) : plain;
      return { ...typed, emitters: emittersOf(duckdb, postgres, postgres) };
    },
  });
}

/** It has none of bytes and uuids; of equal intervals (1 day, 24 hours) each takes another. */
function extremeInPostgres(name: 'min' | 'max', plain: Emitter, type: ExprType): Emitter | null {
  switch (type.kind) {
    case 'float64':
      return unsignedZero(plain);
    case 'string':
      return ([a], text) => call(name, `${a} COLLATE "C"`, text);
    case 'bool':
      return ([a], text) => call(name === 'min' ? 'bool_and' : 'bool_or', a!, text);
    case 'int64':
    case 'decimal':
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return plain;
    default:
      return null;
  }
}

const listOf = (args: readonly Typed[]): ExprType => ({ kind: 'list', of: columnTypeOf(args[0]!) });

const countRows: Overload = {
  takes: [],
  returns: INT64,
  aggregate: UNORDERED,
  duckdb: (_, text) => call('count', '*', text),
  ...everywhere((_, text) => call('count', '*', text)),
};
function countWhere([a]: readonly string[], text: AggregateText): string {
  return call('count', `CASE WHEN ${a} THEN 1 END`, text);
}

const countTrue: Overload = {
  takes: ['bool'],
  returns: INT64,
  aggregate: UNORDERED,
  // The engine's own count_if is null where all are null.
  ...everywhere(countWhere),
  duckdb: countWhere,
};
const countDistinct: Overload = {
  takes: ['any'],
  returns: INT64,
  aggregate: UNORDERED,
  duckdb: ([a], text) => call('count', `DISTINCT ${a}`, text),
  // PostgreSQL has no DISTINCT with an OVER.
  postgresFor: ([a]) => (hasEquality(a!) ? ([x], text) => call('count', `DISTINCT ${x}`, text) : null),
};

/** json has none in PostgreSQL. */
function hasEquality({ type }: Typed): boolean {
  return type.kind !== 'json' && type.kind !== 'list';
}

/** An array of all values: PostgreSQL has no aggregate for the first, and skips no rows in `first_value`. */
function edgeOfArray(name: 'first' | 'last'): Emitter {
  return ([a], text) => {
    const all = call('array_agg', a!, text);
    return name === 'first' ? `(${all})[1]` : `(${all})[count(*)${text.filter}${text.over}]`;
  };
}

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
    [
      countRows,
      row(
        ['any'],
        INT64,
        'count',
        everywhere(([a], text) => call('count', a!, text)),
      ),
    ],
  ),
  aggregate(
    'count_if',
    'condition',
    'Number of rows for which it is true.',
    ['count_if(x > 2)', 2],
    [countTrue],
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
    [row(['float64'], FLOAT64, 'median', { postgresFor: interpolated('0.5') })],
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
    [
      row(
        ['any'],
        listOf,
        'list',
        {
          // Of no rows it is null in both; but lists of lists are arrays of several dimensions, of one length each.
          postgresFor: ([a]) => (a!.type.kind === 'list' ? null : ([x], text) => call('array_agg', x!, text)),
          postgresOverFor: ([a]) =>
            a!.type.kind === 'list' ? null : ([x], text) => call('array_agg', x!, text),
        },
        ORDERED,
      ),
    ],
    ['collect', 'array_agg'],
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
    [
      row(['float64', 'float64'], FLOAT64, 'corr', {
        duckdb: ([a, b], text) => `nullif(${call('corr', `${a}, ${b}`, text)}, CAST('NaN' AS DOUBLE))`,
        ...ofOrdinary('corr'),
      }),
    ],
  ),
];
