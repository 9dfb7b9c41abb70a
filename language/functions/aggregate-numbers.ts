/** Aggregates that compute: sums, means, quantiles and spreads, so that PostgreSQL and the engine give the same numbers. */
import { duckdbType } from '../dialects/duckdb/sql.ts';
import { byCodePoint, postgresType, withUsualCollation } from '../dialects/postgres/sql.ts';
import {
  decimal,
  decimalSize,
  type ExprType,
  FLOAT64,
  INT64,
  isUnsized,
  UNSIZED_DECIMAL,
} from '../types/rules.ts';
import type { Emitter, Typed } from '../types/typed.ts';
import { aggregate, call, everywhere, row, UNORDERED, withinGroup } from './aggregate-calls.ts';
import { exactCorrelation, exactSpread, isExact, longMean, type Moment } from './exact-moments.ts';
import { isOrdinary, OUT_OF_RANGE } from './float-range.ts';
import {
  type CallSite,
  callError,
  constantText,
  describeArgument,
  emittersOf,
  type FunctionDefinition,
  type Overload,
  overloads,
  typedCall,
} from './kit/function.ts';

/** Sums never wrap: of int64 as decimal(38,0), of decimals with their scale, of floats as float64. */
export function sum(site: CallSite): Typed {
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
  const exact = exactIn(postgresType(result));
  const duckdb = whole ? exactIn(duckdbType(result)) : fittingIn(duckdbType(result));
  return typedCall(site, result, args, emittersOf(duckdb, exact, exact), UNORDERED);
}

function exactIn(type: string): Emitter {
  return ([a], text) => `CAST(${plainSum([a!], text)} AS ${type})`;
}

/** The engine's own sum of decimals may have a digit more than their type, to which a cast is nothing; adding checks. */
function fittingIn(type: string): Emitter {
  return ([a], text) => `(${plainSum([a!], text)} + CAST(0 AS ${type}))`;
}

export const plainSum: Emitter = ([a], text) => call('sum', a!, text);

/** -0 becomes 0: which of the two comes out of several rows would depend on their order. */
export function unsignedZero(emit: Emitter): Emitter {
  return (args, text) => `(${emit(args, text)} + 0e0)`;
}

/** Too big a sum of finite numbers fails, as in PostgreSQL. */
export const floatSum: Emitter = ([a], text) => {
  const total = call('sum', a!, text);
  const infinite = call('bool_or', `NOT isfinite(${a})`, text);
  return `CASE WHEN NOT isfinite(${total}) AND NOT ${infinite} THEN ${OUT_OF_RANGE} ELSE ${total} + 0e0 END`;
};

/** A float64. Of integers and decimals from their exact sum; of floats as sum by count (see `sumByCount`). */
export function mean(site: CallSite): Typed {
  const checked = overloads({ takes: ['number'], returns: INT64, duckdb: ([a]) => a! })(site);
  const args = checked.kind === 'call' ? checked.args : [];
  const float = args[0]!.type.kind === 'float64' || args[0]!.type.kind === 'null';
  const average: Emitter = ([a], text) => call('avg', a!, text);
  const exact: Emitter = ([a], text) => `CAST(${average([a!], text)} AS float8)`;
  // The engine adds up decimals in 128 bits: two of 38 digits may be too much, of fewer digits ten billion are not.
  const duckdb = decimalSize(args[0]!.type).precision <= SAFE_DIGITS ? average : longMean(args[0]!.type);
  const emitters = float ? emittersOf(floatMean, sumByCount, sumByCount) : emittersOf(duckdb, exact, exact);
  return typedCall(site, FLOAT64, args, emitters, UNORDERED);
}

const SAFE_DIGITS = 28;

/** PostgreSQL's own `avg` of floats also adds up squares, and fails where those are too big. */
export const sumByCount: Emitter = ([a], text) =>
  `((${call('sum', a!, text)} + 0e0) / nullif(${call('count', a!, text)}, 0))`;
export const floatMean: Emitter = ([a], text) =>
  `(${floatSum([a!], text)} / nullif(${call('count', a!, text)}, 0))`;

/** Between -Infinity and 0 lies NaN in PostgreSQL, and -Infinity in the engine. */
export function interpolated(q: string): (args: readonly Typed[]) => Emitter | null {
  return ([a]) => (isOrdinary(a!) ? withinGroup('percentile_cont', q) : null);
}

export function quantileOf(site: CallSite, args: readonly Typed[], q: string): Typed {
  const checked = overloads({ takes: ['float64'], returns: FLOAT64, duckdb: ([a]) => a! })({ ...site, args });
  const inner = checked.kind === 'call' ? checked.args : [];
  const duckdb: Emitter = ([a], text) => call('quantile_cont', `${a}, ${q}`, text);
  return typedCall(site, FLOAT64, inner, emittersOf(duckdb, interpolated(q)(inner)), UNORDERED);
}

/** The quantile written as the second argument. */
export function quantileAt(site: CallSite): string {
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

export function quantile(site: CallSite): Typed {
  const q = quantileAt(site);
  return quantileOf(site, site.args.slice(0, 1), q);
}

/** By code point; of equal intervals (1 day, 24 hours) each takes another, and so with 0 and -0. */
export function discrete(type: ExprType, q: string): Emitter | null {
  if (type.kind === 'interval' || type.kind === 'float64') return null;
  const emit = withinGroup('percentile_disc', q);
  return type.kind === 'string'
    ? ([a], text) => withUsualCollation(`(${emit([byCodePoint(a!)], text)})`)
    : emit;
}

/** Of values as they are, not interpolated. */
export function quantileAmong(site: CallSite): Typed {
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
export function percentile(site: CallSite): Typed {
  return quantileOf(site, site.args, String(Number(site.name.slice(1)) / 100));
}

export const PERCENTILES = Array.from({ length: 99 }, (_, index) => `p${index + 1}`);

/** Of two infinite numbers PostgreSQL makes NaN, and the engine something between -1 and 1, or an error. */
function ofOrdinary(name: string): Partial<Overload> {
  const emit: Emitter = (args, text) => call(name, args.join(', '), text);
  const chosen = (args: readonly Typed[]): Emitter | null => (args.every(isOrdinary) ? emit : null);
  return { postgresFor: chosen, postgresOverFor: chosen };
}

/**
 * Variance or standard deviation. Of int64 and decimals from exact sums; of floats it is NaN where a value is not finite,
 * where the engine's own functions say 0, or fail.
 */
export function spread(
  name: string,
  engineName: Moment,
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
  const definition = aggregate(
    name,
    'x',
    summary,
    [`round(${name}(x), 4)`, value],
    [row(['float64'], FLOAT64, engineName, { duckdb, ...everywhere(postgres) })],
    aliases,
  );
  return whereExact(definition, 1, (site) => exactSpread(site, engineName));
}

/** The definition, with calls whose arguments are all int64 or decimal resolved by `exact`. */
function whereExact(
  definition: FunctionDefinition,
  count: number,
  exact: (site: CallSite) => Typed,
): FunctionDefinition {
  const resolve = (site: CallSite): Typed =>
    site.args.length === count && site.args.every(isExact) ? exact(site) : definition.resolve(site);
  return { ...definition, resolve };
}

/** Pearson's correlation. Of int64 and decimals from exact sums. */
export const correlation: FunctionDefinition = whereExact(
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
  2,
  exactCorrelation,
);
