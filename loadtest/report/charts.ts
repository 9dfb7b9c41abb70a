/** Charts as SVG text, without any script: what each kind of chart has for axes, and how its marks are drawn. */
import type { Chart, Line, PhaseBar } from '../result.ts';
import { linearScale, listScale, logScale, type Range, type Scale } from './scales.ts';
import { escapeHtml, figure } from './text.ts';

export const CHART_WIDTH = 720;
export const CHART_HEIGHT = 340;
const WIDTH = CHART_WIDTH;
const HEIGHT = CHART_HEIGHT;
const X: Range = { from: 70, to: WIDTH - 20 };
const Y: Range = { from: HEIGHT - 60, to: 34 };
const BAR_HEIGHT = 26;
const BAR_LABEL_WIDTH = 230;
/** Told apart also by who cannot tell red from green. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#7f7f7f'];

const CONTENDERS = [/^Forkline/, /^one process$/, /^one process with DuckDB$/];

type MakeScale = (values: readonly number[], pixels: Range) => Scale;

const logScale2: MakeScale = (values, pixels) => logScale(values, pixels, 2);

interface Axes {
  readonly x: string;
  readonly y: string;
  /** Unit of the y axis. */
  readonly unit: string;
  /** `labelled`: a line, and each of its few values beside its point. */
  readonly marks: 'line' | 'labelled' | 'points';
  readonly makeX: MakeScale;
  readonly makeY: MakeScale;
}

type LineChart = Extract<Chart, { readonly lines: unknown }>;

const LATENCY = { unit: 'ms', makeY: logScale } as const;

const AXES: Readonly<Record<LineChart['type'], Axes>> = {
  percentiles: {
    ...LATENCY,
    x: 'percentile',
    y: 'latency, ms (logarithmic)',
    marks: 'line',
    makeX: listScale,
  },
  concurrency: {
    x: 'clients (logarithmic)',
    y: 'queries/s',
    unit: 'queries/s',
    marks: 'line',
    makeX: logScale2,
    makeY: linearScale,
  },
  latency: {
    ...LATENCY,
    x: 'clients, each asking once a second (logarithmic)',
    y: 'p99 latency, ms (logarithmic)',
    marks: 'labelled',
    makeX: logScale2,
  },
  timeline: { ...LATENCY, x: 'seconds', y: 'latency, ms (logarithmic)', marks: 'points', makeX: linearScale },
  cost: {
    x: 'rows (logarithmic)',
    y: 'microseconds a row',
    unit: 'us',
    marks: 'line',
    makeX: logScale,
    makeY: linearScale,
  },
};

export function chartSvg(chart: Chart): string {
  return chart.type === 'phases' ? phaseChart(chart.bars) : lineChart(chart.lines, AXES[chart.type]);
}

function lineChart(lines: readonly Line[], axes: Axes): string {
  const drawn = lines.map(({ who, points }) => ({
    who,
    // Less than nothing was not measured: it would lie outside of the chart.
    points: points.filter(([x, y]) => Number.isFinite(x) && y >= 0 && y < Number.POSITIVE_INFINITY),
  }));
  const points = drawn.flatMap((line) => line.points);
  if (points.length === 0) return '<p>Nothing was measured.</p>';
  const x = axes.makeX(
    points.map(([value]) => value),
    X,
  );
  const y = axes.makeY(
    points.map(([, value]) => value),
    Y,
  );
  const names = drawn.map(({ who }) => who);
  const colours = names.map(lineColour);
  const marks = drawn.map((line, index) => lineMarks(line, colours[index]!, axes, x, y));
  return svg(HEIGHT, [grid(x, y, axes), ...marks, legend(names, colours, HEIGHT - 8)]);
}

/** A contender has the same colour in every chart; others come after theirs. */
function lineColour(who: string, index: number): string {
  const known = CONTENDERS.findIndex((pattern) => pattern.test(who));
  return COLOURS[known === -1 ? (CONTENDERS.length + index) % COLOURS.length : known]!;
}

function lineMarks({ who, points }: Line, colour: string, axes: Axes, x: Scale, y: Scale): string {
  const at = points.map(([px, py]) => `${round(x.place(px))},${round(y.place(py))}`);
  const radius = axes.marks === 'points' ? 1.6 : 3;
  const dots = at.map((place, index) => {
    const [cx, cy] = place.split(',');
    const [px, py] = points[index]!;
    const title =
      axes.marks === 'points'
        ? ''
        : `<title>${escapeHtml(who)}: ${figure(py)} ${axes.unit} at ${figure(px)}</title>`;
    const label =
      axes.marks === 'labelled' ? text(x.place(px), y.place(py) - 9, figure(py), anchorAt(x.place(px))) : '';
    return `<circle cx="${cx}" cy="${cy}" r="${radius}" fill="${colour}">${title}</circle>${label}`;
  });
  const path =
    axes.marks !== 'points'
      ? `<polyline points="${at.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`
      : '';
  return path + dots.join('');
}

/** Beside the borders a text would stand on the axis, or be cut. */
function anchorAt(x: number): 'start' | 'middle' | 'end' {
  if (x < X.from + 20) return 'start';
  return x > X.to - 20 ? 'end' : 'middle';
}

function grid(x: Scale, y: Scale, axes: Axes): string {
  const across = y.ticks.map((tick) => {
    const at = round(y.place(tick));
    return `<line x1="${X.from}" x2="${X.to}" y1="${at}" y2="${at}" class="grid"/>${text(X.from - 6, at + 4, compact(tick), 'end')}`;
  });
  const up = x.ticks.map((tick) => text(round(x.place(tick)), Y.from + 16, compact(tick), 'middle'));
  return [...across, ...up, text(8, 16, axes.y, 'start'), text(X.to, Y.from + 34, axes.x, 'end')].join('');
}

function phaseChart(bars: readonly PhaseBar[]): string {
  const shown = bars.filter(({ phases }) => phases.length > 0);
  if (shown.length === 0) return '<p>Nothing was measured.</p>';
  const names = [...new Set(shown.flatMap(({ phases }) => phases.map(({ phase }) => phase)))];
  const totals = shown.map(({ phases }) => phases.reduce((sum, { ms }) => sum + ms, 0));
  const height = shown.length * (BAR_HEIGHT + 10) + 60;
  const rows = shown.map((bar, index) => phaseRow(bar, totals[index]!, names, index));
  const colours = names.map((_, index) => COLOURS[index % COLOURS.length]!);
  return svg(height, [...rows, legend(names, colours, height - 8)]);
}

/** Each bar has the whole width: it shows shares, and the number beside it the time. */
function phaseRow(
  { label, phases }: PhaseBar,
  totalMs: number,
  names: readonly string[],
  index: number,
): string {
  const top = 10 + index * (BAR_HEIGHT + 10);
  const width = X.to - BAR_LABEL_WIDTH - 70;
  let left = BAR_LABEL_WIDTH;
  const pieces = phases.map(({ phase, ms }) => {
    const piece = totalMs > 0 ? (ms / totalMs) * width : 0;
    const colour = COLOURS[names.indexOf(phase) % COLOURS.length];
    const title = `<title>${escapeHtml(phase)}: ${figure(ms)} ms</title>`;
    const rect = `<rect x="${round(left)}" y="${top}" width="${round(piece)}" height="${BAR_HEIGHT}" fill="${colour}">${title}</rect>`;
    left += piece;
    return rect;
  });
  const middle = top + BAR_HEIGHT / 2 + 4;
  return `${text(BAR_LABEL_WIDTH - 8, middle, label, 'end')}${pieces.join('')}${text(left + 8, middle, `${figure(totalMs)} ms`, 'start')}`;
}

function legend(names: readonly string[], colours: readonly string[], y: number): string {
  let x = X.from;
  return names
    .map((name, index) => {
      const mark = `<rect x="${x}" y="${y - 10}" width="10" height="10" fill="${colours[index]}"/>`;
      const label = text(x + 14, y, name, 'start');
      x += 30 + name.length * 7;
      return mark + label;
    })
    .join('');
}

function svg(height: number, parts: readonly string[]): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" xmlns="http://www.w3.org/2000/svg">${parts.join('')}</svg>`;
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeHtml(content)}</text>`;
}

function compact(value: number): string {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 4 }).format(value);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
