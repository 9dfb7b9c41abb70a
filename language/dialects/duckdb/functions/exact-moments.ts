/**
 * Variance and correlation of int64 and decimal values, and the mean of long decimals. The first two are made of
 * `n * sum(x * y) - sum(x) * sum(y)`, a difference of numbers that are almost equal: where values are large beside their
 * spread, nothing of it is left in float64. So it is computed in whole numbers, and only the result is a float64.
 *
 * The stage engine has 128 bits for that, too few for squares of large values: a value is taken apart into limbs of 32 bits,
 * the sums of whose products fit, and the difference is put together from the highest limbs down, exactly for as long as it
 * fits in 128 bits. Where it does not fit any more, the limbs that are left are too small to change its first 15 digits.
 */
import { decimalSize, type ExprType } from '../../../types/rules.ts';
import type { AggregateText, Emitter } from '../../function-table.ts';
import { aggregateText } from '../../standard-sql.ts';
import { correlationOf, withoutNulls } from '../../standard-sums.ts';

const LIMB_BITS = 32;
const LIMB = 2 ** LIMB_BITS;
/** Taken off each limb but the highest, so that products fit in 64 bits. Neither variance nor covariance see it. */
const MIDDLE = LIMB / 2;
/** Whole numbers of so many digits fit in 64 bits. */
const INT64_DIGITS = 18;

/** Variance or standard deviation of an argument that is exact. */
export function exactSpread(moment: string): Emitter {
  return ([a], site) => {
    const count = aggregateText('count', a!, site);
    const { type } = site.call.args[0]!;
    const limbs = limbsOf(a!, type);
    const form = crossForm(limbs, limbs, count, site);
    const pairsOfRows = moment.endsWith('_samp') ? `(${count} - 1)` : count;
    const variance = `(${form} / 1e${2 * decimalSize(type).scale} / ${count} / nullif(${pairsOfRows}, 0))`;
    return moment.startsWith('stddev') ? `sqrt(${variance})` : variance;
  };
}

/** Correlation of two arguments that are exact. */
export const exactCorrelation: Emitter = ([a, b], site) => {
  const [x, y] = withoutNulls(a!, b!);
  const [left, right] = [limbsOf(x, site.call.args[0]!.type), limbsOf(y, site.call.args[1]!.type)];
  const form = (one: readonly string[], other: readonly string[]): string =>
    crossForm(one, other, aggregateText('count', x, site), site);
  return correlationOf(form(left, right), form(left, left), form(right, right));
};

/** Parts of the value in units of its last digit, the lowest first, as BIGINTs. */
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
  const sum = (inside: string): string => aggregateText('sum', inside, text);
  const places = new Map<number, string[]>();
  for (const [i, x] of xs.entries())
    for (const [j, y] of ys.entries()) {
      // For a value with itself, each term beside the diagonal stands for its mirror image as well.
      if (xs === ys && j < i) continue;
      const twice = xs === ys && j > i ? '2 * ' : '';
      const term = `${twice}(${count} * ${sum(`${x} * ${y}`)} - ${sum(x)} * ${sum(y)})`;
      places.set(i + j, [...(places.get(i + j) ?? []), term]);
    }
  return together([...places].sort(([a], [b]) => b - a).map(([, terms]) => terms.join(' + ')));
}

/** The mean of decimals whose sum may have more than 38 digits, in two parts of which none has. */
export function longMean(a: string, type: ExprType, text: AggregateText): string {
  const whole = wholeNumber(a, type);
  const sum = (inside: string): string => aggregateText('sum', inside, text);
  const total = together([sum(`(${whole} >> ${LIMB_BITS})`), sum(`CAST(${whole} & ${LIMB - 1} AS BIGINT)`)]);
  return `(${total} / 1e${decimalSize(type).scale} / nullif(${aggregateText('count', a, text)}, 0))`;
}

/** The sum of `parts`, each a HUGEINT worth a limb's range more than the next, as a DOUBLE. */
function together(parts: readonly string[]): string {
  const structs = parts.map((part) => `struct_pack(exact := CAST(${part} AS HUGEINT), near := 0e0)`);
  return `list_reduce([${structs.join(', ')}], lambda above, part: ${STEP}, ${START}).near`;
}

const EXACT_STEP = `TRY(above.exact * ${LIMB} + part.exact)`;
const STEP = `struct_pack(exact := ${EXACT_STEP}, near := coalesce(CAST(${EXACT_STEP} AS DOUBLE), above.near * ${LIMB}e0 + CAST(part.exact AS DOUBLE)))`;
const START = 'struct_pack(exact := CAST(0 AS HUGEINT), near := 0e0)';
