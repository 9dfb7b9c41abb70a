/**
 * Finds the chart that fits an answer, and its numbers. Time becomes lines, a category becomes bars; a second category beside one number
 * becomes a series for each of its values. The user may choose otherwise.
 */

import { isMoment, isNumeric, valueText } from '../grid/cell.ts';
import type { RowStore } from '../rows/row-store.ts';
import type { ShownColumn } from '../rows/shown-column.ts';

/** Points that a chart draws; beyond them nobody sees more. */
const POINT_LIMIT = 20_000;
const SERIES_LIMIT = 12;
const DISTINCT_LIMIT = 10_000;

export interface ChartChoice {
  readonly kind: 'line' | 'bar';
  /** The column of the horizontal axis. */
  readonly x: string;
  /** The columns of numbers. */
  readonly y: readonly string[];
  /** The column whose values are series; null for none. */
  readonly series: string | null;
}

export interface ChartData {
  readonly kind: 'line' | 'bar';
  /** The column of the horizontal axis. */
  readonly xName: string;
  readonly isTime: boolean;
  /** Seconds since 1970 for a time, a number for a number, a position for a category. */
  readonly x: readonly number[];
  /** The texts of the categories; empty for times and numbers. */
  readonly labels: readonly string[];
  readonly series: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
  /** The rows and series that are not drawn; 0 when the chart shows all. */
  readonly leftOutRows: number;
  readonly leftOutSeries: number;
}

/**
 * Returns the chart that fits; null for columns without a number, or without anything to draw it over. It shows one number, since
 * several rarely share a scale.
 */
export function fittingChart(columns: readonly ShownColumn[]): ChartChoice | null {
  const numbers = columns.filter(isNumeric).map(({ name }) => name);
  const time = columns.find(isMoment);
  const [category, second] = columns.filter((column) => !isNumeric(column) && !isMoment(column));
  const [first, next] = numbers;
  if (first === undefined) return null;
  if (time !== undefined) return { kind: 'line', x: time.name, y: [first], series: category?.name ?? null };
  if (category !== undefined)
    return { kind: 'bar', x: category.name, y: [first], series: second?.name ?? null };
  if (next === undefined) return null;
  // Whole numbers, such as the hour of the day, read better as bars.
  const isWhole = columns.find(({ name }) => name === first)!.type === 'int64';
  return { kind: isWhole ? 'bar' : 'line', x: first, y: [next], series: null };
}

export function chartData(choice: ChartChoice, columns: readonly ShownColumn[], rows: RowStore): ChartData {
  const at = (name: string) => columns.findIndex((column) => column.name === name);
  const xColumn = columns[at(choice.x)]!;
  const collected = collect(choice, rows, at);
  const isTime = isMoment(xColumn);
  const isOrdered = isTime || isNumeric(xColumn);
  // Bars over numbers stand beside each other in the order of the numbers, which may lie far apart.
  const isScale = isTime || (isOrdered && choice.kind === 'line');
  const position = isTime ? secondsOf : Number;
  const keys = isOrdered
    ? [...collected.keys]
        .filter((key) => key !== '' && Number.isFinite(position(key)))
        .sort((a, b) => position(a) - position(b))
    : [...collected.keys];
  const shown = [...collected.series].slice(0, SERIES_LIMIT);
  return {
    kind: choice.kind,
    xName: choice.x,
    isTime,
    x: keys.map((key, index) => (isScale ? position(key) : index)),
    labels: isScale ? [] : keys,
    series: shown.map(([name, byKey]) => ({ name, values: keys.map((key) => byKey.get(key) ?? null) })),
    leftOutRows: collected.leftOutRows,
    leftOutSeries: collected.series.size - shown.length,
  };
}

interface Collected {
  readonly keys: ReadonlySet<string>;
  readonly series: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly leftOutRows: number;
}

function collect(choice: ChartChoice, rows: RowStore, at: (name: string) => number): Collected {
  const keys = new Set<string>();
  const series = new Map<string, Map<string, number>>();
  const x = at(choice.x);
  const seriesColumn = choice.series === null ? null : at(choice.series);
  const count = Math.min(rows.rowCount, POINT_LIMIT);
  let leftOutRows = rows.rowCount - count;
  for (let row = 0; row < count; row++) {
    const values = rows.row(row);
    const key = valueText(values[x]);
    if (keys.size >= DISTINCT_LIMIT && !keys.has(key)) {
      leftOutRows++;
      continue;
    }
    keys.add(key);
    for (const name of choice.y) {
      const value = values[at(name)];
      if (value === null || value === undefined) continue;
      const named = seriesColumn === null ? name : valueText(values[seriesColumn]) || 'null';
      const byKey = series.get(named) ?? new Map<string, number>();
      series.set(named, byKey.set(key, Number(value)));
    }
  }
  return { keys, series, leftOutRows };
}

/** A timestamp without a zone is drawn as if it were UTC, so that the axis shows the digits of the answer. */
function secondsOf(text: string): number {
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/.test(text) || !text.includes('T');
  return Date.parse(hasZone ? text : `${text}Z`) / 1000;
}
