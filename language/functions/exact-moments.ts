/**
 * Variance and correlation of int64 and decimal values, and the mean of long decimals. The first two are made of
 * `n * sum(x * y) - sum(x) * sum(y)`, a difference of numbers that are almost equal: where values are large beside their
 * spread, nothing of it is left in float64. So it is computed in whole numbers, and only the result is a float64.
 *
 * PostgreSQL has `numeric` for that. The stage engine has 128 bits, too few for squares of large values: a value is taken
 * apart into limbs of 32 bits, the sums of whose products fit, and the difference is put together from the highest limbs
 * down, exactly for as long as it fits in 128 bits. Where it does not fit any more, the limbs that are left are too small to
 * change its first 15 digits.
 */
import { decimalSize, type ExprType, FLOAT64 } from '../types/rules.ts';
import type { AggregateText, Emitter, Typed } from '../types/typed.ts';
import { call, UNORDERED } from './aggregate-calls.ts';
import { type CallSite, emittersOf, typedCall } from './kit/function.ts';

const LIMB_BITS = 32;
const LIMB = 2 ** LIMB_BITS;
/** Taken off each limb but the highest, so that products fit in 64 bits. Neither variance nor covariance see it. */
const MIDDLE = LIMB / 2;
/** Whole numbers of so many digits fit in 64 bits. */
const INT64_DIGITS = 18;

export type Moment = 'var_samp' | 'var_pop' | 'stddev_samp' | 'stddev_pop';

export function isExact({ type }: Typed): boolean {
  return type.kind === 'int64' || type.kind === 'decimal';
}

/** A call of the variance or standard deviation over `site`'s one argument, which is exact. */
export function exactSpread(site: CallSite, moment: Moment): Typed {
  const { type } = site.args[0]!;
  const duckdb: Emitter = ([a], text) => spreadInDuckdb(moment, a!, type, text);
  // Its own `stddev` of numerics rounds roots from ten million up to whole numbers.
  const postgres: Emitter = ([a], text) => {
    const variance = `CAST(${call(moment.replace('stddev', 'var'), a!, text)} AS float8)`;
    return moment.startsWith('stddev') ? `sqrt(${variance})` : variance;
  };
  return typedCall(site, FLOAT64, site.args, emittersOf(duckdb, postgres, postgres), UNORDERED);
}

/** A call of the correlation of `site`'s two arguments, which are exact. Null where one of them does not vary. */
export function exactCorrelation(site: CallSite): Typed {
  const types = site.args.map(({ type }) => type);
  const duckdb: Emitter = ([a, b], text) => {
    const [x, y] = pairs(a!, b!);
    const [left, right] = [limbsOf(x, types[0]!), limbsOf(y, types[1]!)];
    const form = (one: readonly string[], other: readonly string[]): string =>
      crossForm(one, other, call('count', x, text), text);
    return correlation(form(left, right), form(left, left), form(right, right));
  };
  const postgres: Emitter = ([a, b], text) => {
    const [x, y] = pairs(`CAST(${a} AS numeric)`, `CAST(${b} AS numeric)`);
    const form = (one: string, other: string): string => {
      const sum = (inside: string): string => call('sum', inside, text);
      return `CAST(${call('count', x, text)} * ${sum(`${one} * ${other}`)} - ${sum(one)} * ${sum(other)} AS float8)`;
    };
    return correlation(form(x, y), form(x, x), form(y, y));
  };
  return typedCall(site, FLOAT64, site.args, emittersOf(duckdb, postgres, postgres), UNORDERED);
}

/** Rows in which one of the two is null do not count. */
function pairs(a: string, b: string): readonly [string, string] {
  return [`(CASE WHEN ${b} IS NOT NULL THEN ${a} END)`, `(CASE WHEN ${a} IS NOT NULL THEN ${b} END)`];
}

function correlation(xy: string, xx: string, yy: string): string {
  const ratio = `${xy} / nullif(sqrt(${xx}), 0) / nullif(sqrt(${yy}), 0)`;
  return `CASE WHEN ${ratio} IS NOT NULL THEN greatest(-1e0, least(1e0, ${ratio})) END`;
}

function spreadInDuckdb(moment: Moment, a: string, type: ExprType, text: AggregateText): string {
  const count = call('count', a, text);
  const limbs = limbsOf(a, type);
  const scale = decimalSize(type).scale;
  const form = crossForm(limbs, limbs, count, text);
  const pairsOfRows = moment.endsWith('_samp') ? `(${count} - 1)` : count;
  const variance = `(${form} / 1e${2 * scale} / ${count} / nullif(${pairsOfRows}, 0))`;
  return moment.startsWith('stddev') ? `sqrt(${variance})` : variance;
}

/** From the lowest: parts of the value in units of its last digit, as BIGINTs. */
function limbsOf(a: string, type: ExprType): readonly string[] {
  const count = limbCount(type);
  const whole = wholeNumber(a, type);
  return Array.from({ length: count }, (_, index) => {
    const above = index === 0 ? whole : `(${whole} >> ${index * LIMB_BITS})`;
    return index === count - 1
      ? `CAST(${above} AS BIGINT)`
      : `(CAST(${above} & ${LIMB - 1} AS BIGINT) - ${MIDDLE})`;
  });
}

function limbCount(type: ExprType): number {
  if (isSmall(type)) return 2;
  const bits = Math.ceil(decimalSize(type).precision * Math.log2(10)) + 1;
  return Math.ceil(bits / LIMB_BITS);
}

function isSmall(type: ExprType): boolean {
  return type.kind === 'int64' || decimalSize(type).precision <= INT64_DIGITS;
}

/** The value in units of its last digit. */
function wholeNumber(a: string, type: ExprType): string {
  const { precision, scale } = decimalSize(type);
  const integer = isSmall(type) ? 'BIGINT' : 'HUGEINT';
  if (scale === 0) return `CAST(${a} AS ${integer})`;
  // Longer products would be computed in 128 bits, which takes longer than the way through a text.
  if (precision + scale + 1 <= INT64_DIGITS)
    return `CAST(${a} * CAST(1${'0'.repeat(scale)} AS DECIMAL(${scale + 1}, 0)) AS BIGINT)`;
  return `CAST(replace(CAST(${a} AS VARCHAR), '.', '') AS ${integer})`;
}

/** `n * sum(x * y) - sum(x) * sum(y)` as a DOUBLE; `count` is SQL of n. */
function crossForm(xs: readonly string[], ys: readonly string[], count: string, text: AggregateText): string {
  const sum = (inside: string): string => call('sum', inside, text);
  const places = new Map<number, string[]>();
  for (const [i, x] of xs.entries())
    for (const [j, y] of ys.entries()) {
      // Of a value with itself, what lies beside the diagonal stands for its mirror image as well.
      if (xs === ys && j < i) continue;
      const twice = xs === ys && j > i ? '2 * ' : '';
      const term = `${twice}(${count} * ${sum(`${x} * ${y}`)} - ${sum(x)} * ${sum(y)})`;
      places.set(i + j, [...(places.get(i + j) ?? []), term]);
    }
  return together([...places].sort(([a], [b]) => b - a).map(([, terms]) => terms.join(' + ')));
}

/** The mean of decimals whose sum may have more than 38 digits, in two parts of which none has. */
export const longMean =
  (type: ExprType): Emitter =>
  ([a], text) => {
    const whole = wholeNumber(a!, type);
    const sum = (inside: string): string => call('sum', inside, text);
    const total = together([
      sum(`(${whole} >> ${LIMB_BITS})`),
      sum(`CAST(${whole} & ${LIMB - 1} AS BIGINT)`),
    ]);
    return `(${total} / 1e${decimalSize(type).scale} / nullif(${call('count', a!, text)}, 0))`;
  };

/** The sum of `parts`, each a HUGEINT worth a limb's range more than the next, as a DOUBLE. */
function together(parts: readonly string[]): string {
  const structs = parts.map((part) => `struct_pack(exact := CAST(${part} AS HUGEINT), near := 0e0)`);
  return `list_reduce([${structs.join(', ')}], lambda above, part: ${STEP}, ${START}).near`;
}

const EXACT_STEP = `TRY(above.exact * ${LIMB} + part.exact)`;
const STEP = `struct_pack(exact := ${EXACT_STEP}, near := coalesce(CAST(${EXACT_STEP} AS DOUBLE), above.near * ${LIMB}e0 + CAST(part.exact AS DOUBLE)))`;
const START = 'struct_pack(exact := CAST(0 AS HUGEINT), near := 0e0)';
