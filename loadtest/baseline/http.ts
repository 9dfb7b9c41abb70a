/**
 * The common part of both one-process baselines: Express, the same `POST /v1/query` as Forkline's (text, or JSON with `query`),
 * one JSON answer, and metrics. Options such as `pushdown` have no meaning here and are ignored.
 */
import type { AddressInfo } from 'node:net';
import express from 'express';
import { collectDefaultMetrics, register } from 'prom-client';
import type { Row } from './stages.ts';

/** The source's SQL, and the stages behind it. */
export type RunQuery = (sql: string, stages: readonly string[]) => Promise<Row[]>;

/** Prints the port that it listens on. */
export function serveQueries(run: RunQuery): void {
  collectDefaultMetrics();
  const app = express();
  app.use(express.json({ limit: '1mb' }), express.text({ type: () => true, limit: '1mb' }));
  app.post('/v1/query', async (request, response) => {
    try {
      const query: string = typeof request.body === 'string' ? request.body : request.body.query;
      const [sql, ...stages] = splitStages(query);
      const rows = await run(sql!, stages);
      const columns = rows.length === 0 ? [] : Object.keys(rows[0]!).map((name) => ({ name }));
      response.json({ columns, rows, rowCount: rows.length, complete: true });
    } catch (error) {
      response.status(400).json({ error: (error as Error).message });
    }
  });
  app.get('/metrics', async (_, response) => {
    response.type(register.contentType).send(await register.metrics());
  });
  const server = app.listen(0, '127.0.0.1', () => {
    process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
  });
}

/** `|` that is no part of `||`; enough for the load test's queries. */
export function splitStages(query: string): string[] {
  return query.split(/(?<!\|)\|(?!\|)/).map((part) => part.trim());
}
