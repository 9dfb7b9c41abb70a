/** From values to places on a chart, and the ticks beside it. */

export interface Scale {
  /** Pixels. */
  place(value: number): number;
  readonly ticks: readonly number[];
}

export interface Range {
  readonly from: number;
  readonly to: number;
}

const LINEAR_STEPS = [1, 2, 2.5, 5, 10];
const WANTED_TICKS = 5;

/** From 0 to the largest value. */
export function linearScale(values: readonly number[], pixels: Range): Scale {
  const most = Math.max(...values, Number.MIN_VALUE);
  const rough = most / WANTED_TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = LINEAR_STEPS.find((factor) => factor * power >= rough)! * power;
  const count = Math.ceil(most / step - 1e-9);
  const ticks = Array.from({ length: count + 1 }, (_, index) => index * step);
  const end = count * step;
  return { place: (value) => pixels.from + (value / end) * (pixels.to - pixels.from), ticks };
}

/** Whole powers of the base around the values, which must be above 0; others are placed at the beginning. */
export function logScale(values: readonly number[], pixels: Range, base: 2 | 10 = 10): Scale {
  const positive = values.filter((value) => value > 0);
  const log = (value: number): number => Math.log(value) / Math.log(base);
  const first = Math.floor(log(Math.min(...positive)) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(log(Math.max(...positive)) - 1e-9));
  const place = (value: number): number => {
    const share = value > 0 ? (log(value) - first) / (last - first) : 0;
    return pixels.from + share * (pixels.to - pixels.from);
  };
  return { place, ticks: Array.from({ length: last - first + 1 }, (_, index) => base ** (first + index)) };
}

/** The values themselves, evenly spaced: for percentiles, of which the last ones matter most. */
export function listScale(values: readonly number[], pixels: Range): Scale {
  const ticks = [...new Set(values)].sort((a, b) => a - b);
  const step = (pixels.to - pixels.from) / Math.max(1, ticks.length - 1);
  return { place: (value) => pixels.from + ticks.indexOf(value) * step, ticks };
}
