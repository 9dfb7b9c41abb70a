/**
 * The query server as one process, as a good engineer would write it at the first try: Express, one pg.Pool, rows
 * as objects, stages as JavaScript on the event loop, JSON.stringify. It is what the five processes replace.
 *
 *   node dist/loadtest/baseline/server.js DATABASE_URL POOL_SIZE     prints the port that it listens on
 */
import type { AddressInfo } from 'node:net';
import express from 'express';
import pg from 'pg';
import { type Row, runStage } from './stages.ts';

const [url, poolSize] = process.argv.slice(2);
if (url === undefined || poolSize === undefined) {
  process.stderr.write('usage: server.js DATABASE_URL POOL_SIZE\n');
  process.exit(2);
}

const pool = new pg.Pool({ connectionString: url, max: Number(poolSize) });
const app = express();

app.post('/v1/query', express.text({ type: () => true, limit: '1mb' }), async (request, response) => {
  try {
    const [sql, ...stages] = splitStages(request.body as string);
    const result = await pool.query<Row>(sql!);
    let rows = result.rows;
    for (const stage of stages) rows = runStage(rows, stage);
    const columns = rows.length === 0 ? [] : Object.keys(rows[0]!).map((name) => ({ name }));
    response.json({ columns, rows, rowCount: rows.length, complete: true });
  } catch (error) {
    response.status(400).json({ error: (error as Error).message });
  }
});

const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});

/** `|` that is no part of `||`; enough for the benchmark's queries. */
function splitStages(query: string): string[] {
  return query.split(/(?<!\|)\|(?!\|)/).map((part) => part.trim());
}
