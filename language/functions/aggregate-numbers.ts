/** Aggregates that compute: sums, means, quantiles, spreads and correlation. */
import type { FunctionKey } from '../types/function-keys.ts';
import { decimal, decimalSize, FLOAT64, isUnsized, UNSIZED_DECIMAL } from '../types/rules.ts';
import type { Typed } from '../types/typed.ts';
import { aggregate, row, UNORDERED } from './aggregate-calls.ts';
import {
  type CallSite,
  callError,
  constantText,
  describeArgument,
  type FunctionDefinition,
  typedCall,
} from './kit/function.ts';
import { acceptedArgs } from './kit/overloads.ts';

/** Sums never wrap: of int64 as decimal(38,0), of decimals with their scale, of floats as float64. */
export function sum(site: CallSite): Typed {
  const args = acceptedArgs(site, { takes: ['number'] });
  const { type } = args[0]!;
  const aggregated = { aggregate: UNORDERED };
  if (type.kind === 'float64' || type.kind === 'null')
    return typedCall(site, 'sum/float64', FLOAT64, args, aggregated);
  if (type.kind === 'int64') return typedCall(site, 'sum/int64', decimal(38, 0), args, aggregated);
  const result = isUnsized(type) ? UNSIZED_DECIMAL : decimal(38, decimalSize(type).scale);
  return typedCall(site, 'sum/decimal', result, args, aggregated);
}

/** A float64. Of integers and decimals from their exact sum; of floats as sum by count. */
export function mean(site: CallSite): Typed {
  const args = acceptedArgs(site, { takes: ['number'] });
  const key = isExact(args[0]!) ? 'avg/exact' : 'avg/float64';
  return typedCall(site, key, FLOAT64, args, { aggregate: UNORDERED });
}

/** Values that are no floats: what is made of their sums is exact. */
function isExact({ type }: Typed): boolean {
  return type.kind === 'int64' || type.kind === 'decimal';
}

function quantileOf(site: CallSite, given: readonly Typed[], q: string): Typed {
  const args = acceptedArgs({ ...site, args: given }, { takes: ['float64'] });
  return typedCall(site, 'quantile', FLOAT64, args, { constants: [q], aggregate: UNORDERED });
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

export function quantile(site: CallSite): Typed {
  const q = quantileAt(site);
  return quantileOf(site, site.args.slice(0, 1), q);
}

/** A value as it is, not interpolated. */
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
  const rest = { constants: [q], aggregate: UNORDERED };
  return typedCall(site, 'quantile_disc', value!.type, [value!], rest);
}

/** p50(x), p95(x): the percentile is in the name. */
export function percentile(site: CallSite): Typed {
  return quantileOf(site, site.args, String(Number(site.name.slice(1)) / 100));
}

export const PERCENTILES = Array.from({ length: 99 }, (_, index) => `p${index + 1}`);

type Moment = 'var_samp' | 'var_pop' | 'stddev_samp' | 'stddev_pop';

/**
 * Variance or standard deviation. Of int64 and decimals from exact sums; of floats it is NaN where a value is not finite.
 */
export function spread(
  name: string,
  moment: Moment,
  summary: string,
  value: number,
  aliases: readonly string[] = [],
): FunctionDefinition {
  const example = [`round(${name}(x), 4)`, value] as const;
  const definition = aggregate(
    name,
    'x',
    summary,
    example,
    [row(`${moment}/float64`, ['float64'], FLOAT64)],
    aliases,
  );
  return whereExact(definition, 1, `${moment}/exact`);
}

/** The definition, with calls whose arguments are all int64 or decimal under a key of their own, as they are. */
function whereExact(definition: FunctionDefinition, count: number, key: FunctionKey): FunctionDefinition {
  const resolve = (site: CallSite): Typed =>
    site.args.length === count && site.args.every(isExact)
      ? typedCall(site, key, FLOAT64, site.args, { aggregate: UNORDERED })
      : definition.resolve(site);
  return { ...definition, resolve };
}

/** Pearson's correlation. Of int64 and decimals from exact sums: null where one of them does not vary. */
export const correlation: FunctionDefinition = whereExact(
  aggregate(
    'corr',
    'x, y',
    'Correlation of Pearson, from -1 to 1; rows where one is null do not count.',
    ['round(corr(x, 2 * x), 4)', 1],
    [row('corr/float64', ['float64', 'float64'], FLOAT64)],
  ),
  2,
  'corr/exact',
);
