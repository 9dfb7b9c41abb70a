/**
 * Runs a query and fills a row store while its answer arrives. The columns come from /v1/explain, which plans the query; the
 * run then finds that plan kept.
 */

import { RowStore } from '../rows/row-store.ts';
import type { Asked } from './asked.ts';
import { isAbort, send } from './client.ts';
import { type Explanation, explain } from './explain.ts';
import { type Problem, ProblemError, unreachable } from './problem.ts';

export interface RunEvents {
  /** The query is planned: its columns and the place of each stage are known. */
  readonly explained: (explanation: Explanation) => void;
  /** More rows are in the store. */
  readonly arrived: (rows: RowStore) => void;
}

export interface Finished {
  readonly rows: RowStore;
  /** Milliseconds by phase, as the server measured them before the first byte. */
  readonly phases: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
}

/** Resolves when the answer is whole. Rejects with ProblemError, also when it ended early, and with AbortError. */
export async function runQuery(
  asked: Asked,
  queryId: string,
  signal: AbortSignal,
  events: RunEvents,
): Promise<Finished> {
  const startedAt = performance.now();
  events.explained(await explain(asked, signal));
  const response = await send('v1/query?format=ndjson&rows=arrays&numbers=string', {
    body: asked,
    headers: { 'Query-Id': queryId },
    signal,
  });
  const rows = new RowStore();
  await readInto(rows, response, events);
  checkEnd(rows);
  return { rows, phases: phasesOf(response), elapsedMs: performance.now() - startedAt };
}

async function readInto(rows: RowStore, response: Response, { arrived }: RunEvents): Promise<void> {
  const reader = response.body!.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      rows.append(part.value);
      arrived(rows);
    }
  } catch (thrown) {
    if (isAbort(thrown)) throw thrown;
    throw unreachable(thrown);
  }
}

/** Throws the failure that the last line tells, and `ended-early` when there is no last line. */
function checkEnd({ lastLine, rowCount }: RowStore): void {
  if (lastLine !== null && '@end' in lastLine) return;
  if (lastLine !== null && '@error' in lastLine) throw new ProblemError(lastLine['@error'] as Problem);
  throw new ProblemError({
    code: 'ended-early',
    title: 'The answer ended early',
    detail: `the connection ended after ${rowCount} rows, without the line that says that the answer is whole`,
    status: 0,
    retryable: true,
  });
}

/** Reads the header Server-Timing: `plan;dur=6.4, sql;dur=29`. */
function phasesOf(response: Response): Record<string, number> {
  const timing = response.headers.get('Server-Timing') ?? '';
  const phases: Record<string, number> = {};
  for (const [, name, ms] of timing.matchAll(/([\w-]+);dur=([\d.]+)/g)) phases[name!] = Number(ms);
  return phases;
}
