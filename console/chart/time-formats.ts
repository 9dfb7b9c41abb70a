/** The formats of times in charts: digits in the order of ISO 8601, which readers of every language take for the same moment. */
import type uPlot from 'uplot';

const DAY = 86_400;
const DATE = '\n{YYYY}-{MM}-{DD}';

/** uPlot's rows: the least step in seconds, the format, and what follows it where the year, month, day or hour changes. */
export const TIME_VALUES: uPlot.Axis.Values = [
  [365 * DAY, '{YYYY}', null, null, null, null, null, null, 1],
  [28 * DAY, '{YYYY}-{MM}', null, null, null, null, null, null, 1],
  [DAY, '{MM}-{DD}', '\n{YYYY}', null, null, null, null, null, 1],
  [60, '{HH}:{mm}', DATE, null, DATE, null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', DATE, null, DATE, null, null, null, 1],
  [0.001, '{HH}:{mm}:{ss}.{fff}', DATE, null, DATE, null, null, null, 1],
];

export const TIME_VALUE = '{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}';
