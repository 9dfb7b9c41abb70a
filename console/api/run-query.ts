/** Runs a query and fills a row store while its answer arrives. */

import { RowStore } from '../rows/row-store.ts';
import type { Asked } from './asked.ts';
import { ask, isAbort, send } from './client.ts';
import { type Problem, ProblemError, unreachable } from './problem.ts';

export interface Finished {
  readonly rows: RowStore;
  /** Milliseconds by phase, as the server measured them; empty for an answer that was not read whole. */
  readonly phases: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
  /** Why not all rows of the query are there; null when they are. */
  readonly cut: 'page' | 'server' | null;
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
 * Resolves when the answer is whole, or has filled its room. Numbers arrive as texts, since JSON.parse would round them. Rejects with
 * ProblemError, also when the answer ended early, and with AbortError.
 */
export async function runQuery(asked: Asked, options: RunOptions): Promise<Finished> {
  const { queryId, signal } = options;
  const startedAt = performance.now();
  const response = await send('v1/query?format=json&rows=arrays&numbers=string', {
    body: asked,
    headers: { 'Query-Id': queryId },
    signal,
  });
  const rows = new RowStore();
  const isWhole = await readInto(rows, response, options).catch(async (thrown: unknown) => {
    throw isAbort(thrown) ? thrown : await endedEarly(queryId, rows);
  });
  const elapsedMs = performance.now() - startedAt;
  if (!isWhole) return { rows, phases: {}, elapsedMs, cut: 'page' };
  const { rest } = rows;
  if (rest === null) throw await endedEarly(queryId, rows);
  return { rows, phases: rest.stats.phases, elapsedMs, cut: rest.complete ? null : 'server' };
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

/** Resolves to the failure of an answer that began and has no end: the server may still know why. */
async function endedEarly(queryId: string, { rowCount }: RowStore): Promise<ProblemError> {
  const told = await ask<{ error: { code: string; message: string } | null }>(`v1/queries/${queryId}`).catch(
    (thrown: unknown) => unreachable(thrown),
  );
  const error = told instanceof ProblemError ? null : told.error;
  const problem: Problem = {
    code: error?.code ?? 'ended-early',
    title: 'The answer ended early',
    detail: error?.message ?? 'the connection ended before the answer did',
    rowsArrived: rowCount,
    status: 0,
    retryable: true,
  };
  return new ProblemError(problem);
}
