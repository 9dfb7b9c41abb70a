/** The files that come with the demo: Parquet and CSV of the package that the demo tables are loaded from, read where they are. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FilesConnection } from '../core/protocol/connection.ts';

export function demoFiles(): FilesConnection {
  const main = createRequire(import.meta.url).resolve('vega-datasets');
  return {
    kind: 'files',
    root: join(dirname(dirname(main)), 'data'),
    tables: {
      flights_3m: { path: 'flights-3m.parquet' },
      routes: { path: 'flights-airport.csv' },
      weather: { path: 'weather.csv' },
      birdstrikes: { path: 'birdstrikes.csv' },
    },
  };
}
