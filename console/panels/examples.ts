/** Queries to begin with: those of the demo where its flights are, and the tables of the connection elsewhere. */
import { complete } from '../api/complete.ts';
import type { ChartChoice } from '../chart/chart-data.ts';
import type { View } from '../state/view.ts';
import type { Words } from '../words/en.ts';

export interface Example {
  readonly title: (said: Words) => string;
  readonly query: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly chart: ChartChoice | null;
  readonly shows: View;
}

const TABLES = 8;
const TABLES_ASKED = 'select * from ';

const FLIGHTS: readonly Example[] = [
  {
    title: ({ exampleByHour }) => exampleByHour,
    query:
      'select date, delay from flights\n| eval hour = hour(date)\n| stats avg(delay) as mean_delay, count() as flights by hour\n| sort hour',
    chart: { kind: 'bar', x: 'hour', y: ['mean_delay'], series: null },
    shows: 'chart',
  },
  {
    title: ({ exampleBusiest }) => exampleBusiest,
    query:
      'select * from flights\n| where delay > 0\n| stats count() as late, avg(delay) as mean_delay by origin\n| sort -late\n| head 10',
    chart: null,
    shows: 'rows',
  },
  {
    title: ({ exampleFirst }) => exampleFirst,
    query: 'select * from flights\n| where delay > :least\n| head 100',
    params: { least: '60' },
    chart: null,
    shows: 'rows',
  },
];

/** Rejects with ProblemError, and with AbortError when `signal` aborts. */
export async function exampleQueries(
  connection: string | null,
  signal: AbortSignal,
): Promise<readonly Example[]> {
  const asked = { query: TABLES_ASKED, ...(connection === null ? {} : { connection }) };
  const { items } = await complete(asked, TABLES_ASKED.length, signal);
  const tables = items.filter(({ kind }) => kind === 'table');
  const isDemo = tables.some(({ label, detail }) => label === 'flights' && /\bdate, delay\b/.test(detail));
  return isDemo ? FLIGHTS : tables.slice(0, TABLES).map(({ label, insert }) => firstRows(label, insert));
}

function firstRows(table: string, written: string): Example {
  return {
    title: ({ exampleTable }) => exampleTable(table),
    query: `select * from ${written.trim()}\n| head 100`,
    chart: null,
    shows: 'rows',
  };
}
