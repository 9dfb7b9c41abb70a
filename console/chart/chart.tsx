/** Draws a chart by uPlot. This module is loaded when the first chart is shown. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { ChartData } from './chart-data.ts';
import { TIME_VALUE, TIME_VALUES } from './time-formats.ts';

/** Pixels below the drawing that the legend takes. */
const LEGEND_PX = 34;
const COLORS = [
  '#2f6fde',
  '#d9622b',
  '#2a9d6f',
  '#b0479e',
  '#c9a227',
  '#5d6b7a',
  '#d1495b',
  '#3fa7c9',
  '#7b5ed6',
  '#8a9a2f',
  '#a0643c',
  '#4b8b3b',
];
const LABEL_LIMIT = 18;
const LABEL_CHARACTER_PX = 7;
const LABEL_GAP_PX = 12;
/** The part of a position that its bars fill. */
const BAR = 0.8;

export function Chart({ data, label }: { readonly data: ChartData; readonly label: string }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current!;
    const plot = new uPlot(optionsOf(data, element), columnsOf(data), element);
    const observer = new ResizeObserver(() =>
      plot.setSize({ width: element.clientWidth, height: heightIn(element) }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [data]);
  return <div class="chart" ref={place} role="img" aria-label={label} />;
}

function heightIn(element: HTMLElement): number {
  return Math.max(element.clientHeight - LEGEND_PX, 100);
}

function columnsOf({ x, series }: ChartData): uPlot.AlignedData {
  return [[...x], ...series.map(({ values }) => [...values])] as uPlot.AlignedData;
}

function optionsOf(data: ChartData, element: HTMLElement): uPlot.Options {
  const ink = getComputedStyle(element).getPropertyValue('--ink').trim() || '#333';
  const line = getComputedStyle(element).getPropertyValue('--line').trim() || '#ddd';
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  const bars = data.kind === 'bar';
  return {
    width: element.clientWidth || 600,
    height: heightIn(element),
    // Times are shown as the answer has them.
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    scales: { x: { time: data.isTime, ...(bars ? { range: barRange(data) } : {}) } },
    axes: [
      {
        ...axis,
        ...(data.labels.length > 0
          ? { space: labelSpace(data), values: (_: uPlot, at: number[]) => at.map((x) => labelAt(data, x)) }
          : {}),
        ...(data.isTime ? { values: TIME_VALUES } : {}),
      },
      { ...axis, size: 70 },
    ],
    series: [
      data.labels.length > 0
        ? {
            label: data.xName,
            value: (_: uPlot, x: number | null) => (x === null ? '' : (data.labels[Math.round(x)] ?? '')),
          }
        : { label: data.xName, ...(data.isTime ? { value: TIME_VALUE } : {}) },
      ...data.series.map(({ name }, index) => seriesOf(name, index, data)),
    ],
  };
}

function seriesOf(name: string, index: number, { kind, series, x }: ChartData): uPlot.Series {
  const color = COLORS[index % COLORS.length]!;
  if (kind === 'line')
    return { label: name, stroke: color, width: 2, points: { show: x.length < 60 }, spanGaps: false };
  return {
    label: name,
    stroke: color,
    fill: `${color}cc`,
    points: { show: false },
    paths: uPlot.paths.bars!(
      series.length === 1 ? { size: [BAR, 80] } : { disp: barBeside(index, series.length) },
    ),
  };
}

/** Returns the place of one of several bars at the same position. uPlot wants it as parts of the width of the whole plot. */
function barBeside(index: number, count: number): uPlot.Series.BarsPathBuilderDisplay {
  const unit: uPlot.Series.BarsPathBuilderFacetUnit.PixelPercent = 2;
  const part = (plot: uPlot) => 1 / ((plot.scales.x!.max ?? 1) - (plot.scales.x!.min ?? 0));
  return {
    x0: {
      unit,
      values: (plot) =>
        Array.from(
          plot.data[0],
          (at) => (at - BAR / 2 + (index * BAR) / count - (plot.scales.x!.min ?? 0)) * part(plot),
        ),
    },
    size: { unit, values: (plot) => Array.from(plot.data[0], () => (BAR / count) * part(plot)) },
  };
}

function barRange({ x }: ChartData): [number, number] {
  const [first, last] = [x[0], x.at(-1)];
  if (first === undefined || last === undefined) return [0, 1];
  const edge = 0.6 * (x.length > 1 ? (last - first) / (x.length - 1) : 1);
  return [first - edge, last + edge];
}

/** Returns the pixels that a label needs beside its neighbours, so that short ones stand below every bar. */
function labelSpace({ labels }: ChartData): number {
  const longest = labels.reduce((most, { length }) => Math.max(most, length), 1);
  return Math.min(longest, LABEL_LIMIT) * LABEL_CHARACTER_PX + LABEL_GAP_PX;
}

function labelAt({ labels }: ChartData, x: number): string {
  const label = Number.isInteger(x) ? (labels[x] ?? '') : '';
  return label.length > LABEL_LIMIT ? `${label.slice(0, LABEL_LIMIT)}…` : label;
}
