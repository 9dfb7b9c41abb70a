/** Runs a query and fills a row store while its answer arrives. */

import { RowStore } from '../rows/row-store.ts';
import type { Asked } from './asked.ts';
import { ask, isAbort, send } from './client.ts';
import { type Problem, ProblemError, unreachable } from './problem.ts';

export interface Finished {
  readonly rows: RowStore;
  /** Milliseconds by phase, as the server measured them. */
  readonly phases: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
}

/**
 * Resolves when the answer is whole; `arrived` is called with each piece of it. Numbers arrive as texts, since JSON.parse would
 * round them. Rejects with ProblemError, also when the answer ended early, and with AbortError.
 */
export async function runQuery(
  asked: Asked,
  queryId: string,
  signal: AbortSignal,
  arrived: (rows: RowStore) => void,
): Promise<Finished> {
  const startedAt = performance.now();
  const response = await send('v1/query?format=json&rows=arrays&numbers=string', {
    body: asked,
    headers: { 'Query-Id': queryId },
    signal,
  });
  const rows = new RowStore();
  await readInto(rows, response, arrived).catch(async (thrown: unknown) => {
    throw isAbort(thrown) ? thrown : await endedEarly(queryId, rows);
  });
  const { rest } = rows;
  if (rest === null) throw await endedEarly(queryId, rows);
  return { rows, phases: rest.stats.phases, elapsedMs: performance.now() - startedAt };
}

async function readInto(
  rows: RowStore,
  response: Response,
  arrived: (rows: RowStore) => void,
): Promise<void> {
  const reader = response.body!.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    rows.append(part.value);
    arrived(rows);
  }
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
    hint: `${rowCount} rows had arrived; they are not all.`,
    status: 0,
    retryable: true,
  };
  return new ProblemError(problem);
}
