/**
 * A chart as a file of its own, for README: title and colours are in it, and so is its ground, since a page that shows
 * it may be light where the reader's system is dark.
 */
import { CHART_HEIGHT, CHART_WIDTH, chartSvg } from '../report/charts.ts';
import { escapeHtml } from '../report/text.ts';
import type { LatencyChart } from './headline.ts';

const TITLE_HEIGHT = 40;
const STYLE = `
svg { color: #1f2328 } .ground { fill: #ffffff; stroke: #d0d7de }
text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: currentColor }
.title { font-size: 15px; font-weight: 600 } .grid { stroke: currentColor; opacity: .15 }
@media (prefers-color-scheme: dark) { svg { color: #e6edf3 } .ground { fill: #0d1117; stroke: #30363d } }
`;

export function chartFile(chart: LatencyChart): string {
  const height = CHART_HEIGHT + TITLE_HEIGHT;
  const size = `y="${TITLE_HEIGHT}" width="${CHART_WIDTH}" height="${CHART_HEIGHT}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${CHART_WIDTH} ${height}" width="${CHART_WIDTH}" height="${height}" role="img">
<title>${escapeHtml(chart.title)}</title><style>${STYLE}</style>
<rect class="ground" x="0.5" y="0.5" width="${CHART_WIDTH - 1}" height="${height - 1}" rx="6"/>
<text class="title" x="20" y="27">${escapeHtml(chart.title)}</text>
${chartSvg(chart).replace('<svg ', `<svg ${size} `)}
</svg>
`;
}
