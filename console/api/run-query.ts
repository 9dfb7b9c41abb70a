/** Runs a query, or fetches the result of a job, and fills a row store while the answer arrives. */

import { RowStore } from '../rows/row-store.ts';
import type { Asked } from './asked.ts';
import { ask, isAbort, send } from './client.ts';
import { endedEarly } from './ended-early.ts';
import { resultPath } from './jobs.ts';

/** Numbers arrive as texts, since JSON.parse would round them. */
const ROWS_PATH = 'v1/query?format=json&rows=arrays&numbers=string';

export interface Finished {
  readonly rows: RowStore;
  /** Milliseconds by phase, as the server measured them; empty for an answer that was not read whole. */
  readonly phases: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
  /** Why not all rows of the query are there; null when they are. */
  readonly cut: 'page' | 'server' | null;
  /** null for an answer that was made for this run. */
  readonly kept: KeptAnswer | null;
  readonly warnings: readonly string[];
}

/** Tells how an answer came about that was not made for this run; docs/results.md. */
export interface KeptAnswer {
  readonly status: 'hit' | 'shared' | 'stale' | 'stale-if-error';
  readonly ageMs: number;
}

export interface RunOptions {
  readonly queryId: string;
  readonly signal: AbortSignal;
  /** Bytes of the answer that are kept; then reading ends, and the query with it. */
  readonly room: number;
  /** Called with each piece of the answer. */
  readonly arrived: (rows: RowStore) => void;
}

/**
 * Resolves when the answer is whole, or has filled its room. With `isAnew` no kept answer will do. Rejects with ProblemError, also when
 * the answer ended early, and with AbortError.
 */
export async function runQuery(asked: Asked, isAnew: boolean, options: RunOptions): Promise<Finished> {
  const { queryId, signal } = options;
  const headers = { 'Query-Id': queryId, ...(isAnew ? { 'Cache-Control': 'no-cache' } : {}) };
  return await readAnswer(() => send(ROWS_PATH, { body: asked, headers, signal }), options);
}

/** Starts a job, whose result `fetchResult` reads later. Resolves to its id. Rejects with ProblemError. */
export async function startJob(asked: Asked): Promise<string> {
  const { id } = await ask<{ id: string }>(ROWS_PATH, { body: asked, headers: { Prefer: 'respond-async' } });
  return id;
}

/** Resolves as `runQuery` does, with the result of a job that `startJob` started. Rejects as it does. */
export async function fetchResult(jobId: string, options: RunOptions): Promise<Finished> {
  const { signal } = options;
  return await readAnswer(() => send(resultPath(jobId), { signal }), options);
}

async function readAnswer(answer: () => Promise<Response>, options: RunOptions): Promise<Finished> {
  const startedAt = performance.now();
  const response = await answer();
  const rows = new RowStore();
  const ended = () => endedEarly(options.queryId, rows.rowCount);
  const isWhole = await readInto(rows, response, options).catch(async (thrown: unknown) => {
    throw isAbort(thrown) ? thrown : await ended();
  });
  const elapsedMs = performance.now() - startedAt;
  if (!isWhole) return { rows, phases: {}, elapsedMs, cut: 'page', kept: null, warnings: [] };
  const { rest } = rows;
  if (rest === null) throw await ended();
  const { phases = {}, cache, warnings = [] } = rest.stats;
  return { rows, phases, elapsedMs, cut: rest.complete ? null : 'server', kept: keptOf(cache), warnings };
}

function keptOf(cache: { readonly status: string; readonly ageMs?: number } | undefined): KeptAnswer | null {
  if (cache === undefined || cache.status === 'miss' || cache.status === 'job') return null;
  return { status: cache.status as KeptAnswer['status'], ageMs: cache.ageMs ?? 0 };
}

/** Resolves to whether the answer was read to its end. */
async function readInto(rows: RowStore, response: Response, { room, arrived }: RunOptions): Promise<boolean> {
  const reader = response.body!.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (rows.byteCount + part.value.length > room) {
      await reader.cancel();
      return false;
    }
    rows.append(part.value);
    arrived(rows);
  }
  return true;
}
