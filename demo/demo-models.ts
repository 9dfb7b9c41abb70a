/** The models of the demo, saved when the embedded database is set up. A test compares what stands here with what planning finds. */
import { readDefinition } from '../catalogue/models/definition.ts';
import type { PlannedModel } from '../catalogue/models/model-rows.ts';

/** The order is that of reading: a model stands before those that read it. */
export const DEMO_MODELS: readonly PlannedModel[] = [
  model(
    {
      name: 'flights_by_day',
      description:
        'How many flights there were on each day of January 2001, and how late they were on average.',
      tags: ['flights'],
      query:
        'select date::date as day, delay from flights\n| stats count() as flights, avg(delay) as mean_delay by day\n| sort day',
      timeColumn: 'day',
    },
    { day: 'date', flights: 'int64', mean_delay: 'float64' },
    [],
    [{ tables: ['flights'], columns: ['day', 'delay'] }],
  ),
  model(
    {
      name: 'departures',
      description: 'The flights from one airport; `origin` is its IATA code.',
      tags: ['flights'],
      parameters: [{ name: 'origin', type: 'string', default: 'ATL', description: 'An IATA code' }],
      query: 'select date, delay, distance, destination from flights where origin = :origin',
      timeColumn: 'date',
      published: true,
    },
    { date: 'timestamp', delay: 'int64', distance: 'int64', destination: 'string' },
    [],
    [{ tables: ['flights'], columns: ['date', 'delay', 'destination', 'distance'] }],
  ),
  model(
    {
      name: 'late_routes',
      description:
        'Where the late flights of an airport go, the most of them first. It builds on `departures`.',
      tags: ['flights', 'routes'],
      query:
        'departures\n| where delay > 0\n| stats count() as late, avg(delay) as mean_delay by destination\n| sort -late, destination',
      published: true,
    },
    { destination: 'string', late: 'int64', mean_delay: 'float64' },
    ['departures'],
    [],
  ),
];

function model(
  given: object,
  columns: Readonly<Record<string, string>>,
  buildsOn: readonly string[],
  sources: readonly { readonly tables: readonly string[]; readonly columns: readonly string[] }[],
): PlannedModel {
  const definition = readDefinition({ owner: 'demo', connection: 'main', ...given });
  return {
    definition,
    text: definition.query!,
    columns: Object.entries(columns).map(([name, type]) => ({ name, type })),
    buildsOn,
    sources: sources.map((source) => ({
      connection: 'main',
      ...source,
      columns: [...source.columns].sort(),
    })),
  };
}
