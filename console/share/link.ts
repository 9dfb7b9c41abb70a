/**
 * A link that shows a query again: text, parameters, connection and chart stand in the fragment, which browsers do not send, so
 * that no server or proxy writes the query into its log.
 */
import type { ChartChoice } from '../chart/chart-data.ts';

export interface Shared {
  readonly query: string;
  readonly connection: string | null;
  readonly params: Readonly<Record<string, string>>;
  readonly chart: ChartChoice | null;
  /** The parameters that belong to the model with which the query begins; empty where there are none. */
  readonly ofModel: readonly string[];
  /** The panel that is open. */
  readonly view: 'rows' | 'chart' | null;
}

const PARAMETER = 'p.';

export function fragmentOf({ query, connection, params, ofModel, chart, view }: Shared): string {
  const fields = new URLSearchParams({ q: query });
  if (connection !== null) fields.set('c', connection);
  for (const [name, value] of Object.entries(params)) fields.set(PARAMETER + name, value);
  for (const name of ofModel) fields.append('m', name);
  if (view !== null) fields.set('view', view);
  if (chart !== null) fields.set('chart', JSON.stringify(chart));
  return `#${fields}`;
}

/** Returns what a link says; null for a fragment that is none of ours. What it has wrong is left out. */
export function readFragment(fragment: string): Shared | null {
  const fields = new URLSearchParams(fragment.replace(/^#/, ''));
  const query = fields.get('q');
  if (query === null) return null;
  const params: Record<string, string> = {};
  for (const [name, value] of fields)
    if (name.startsWith(PARAMETER)) params[name.slice(PARAMETER.length)] = value;
  const view = fields.get('view');
  return {
    query,
    connection: fields.get('c'),
    params,
    ofModel: fields.getAll('m'),
    chart: readChart(fields.get('chart')),
    view: view === 'chart' || view === 'rows' ? view : null,
  };
}

function readChart(text: string | null): ChartChoice | null {
  if (text === null) return null;
  try {
    const { kind, x, y, series } = JSON.parse(text) as Partial<ChartChoice>;
    const isChoice = (kind === 'line' || kind === 'bar') && typeof x === 'string' && Array.isArray(y);
    if (!isChoice || !y.every((name) => typeof name === 'string')) return null;
    return { kind, x, y, series: typeof series === 'string' ? series : null };
  } catch {
    return null;
  }
}
