/** The run of each tab: a tab shows its own rows when it is opened again, and its query goes on while another tab is open. */
import { computed, signal } from '@preact/signals';
import type { Asked } from '../api/asked.ts';
import { ask, isAbort } from '../api/client.ts';
import type { Explanation } from '../api/explain.ts';
import { type Problem, unreachable } from '../api/problem.ts';
import { randomId } from '../api/random-id.ts';
import { type Finished, fetchResult, type RunOptions, runQuery } from '../api/run-query.ts';
import type { RowStore } from '../rows/row-store.ts';
import type { ShownColumn } from '../rows/shown-column.ts';
import { type Past, remember, storedHistory } from '../share/stored.ts';
import { parameterValue } from './parameters.ts';
import { openTab, openTabId, parameterNames } from './tabs.ts';

/** Bytes of answers that the page keeps, all tabs together. */
const KEPT_BYTES = 256 * 1024 * 1024;

export interface Run {
  readonly queryId: string;
  readonly asked: Asked;
  /** The job whose result this is; null for a query that ran for this page. */
  readonly jobId: string | null;
  /** The text of the tab when it was run; `asked` may have only its beginning. */
  readonly text: string;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  readonly columns: readonly ShownColumn[];
  readonly rows: RowStore | null;
  /** Changes with each piece that arrives, while `rows` stays the same object. */
  readonly rowCount: number;
  readonly finished: Finished | null;
  readonly problem: Problem | null;
  readonly startedAt: number;
  /** Whether its rows gave way to those of another tab. */
  readonly isDropped: boolean;
}

const runs = signal<ReadonlyMap<string, Run>>(new Map());
const requests = new Map<string, AbortController>();
export const run = computed(() => runs.value.get(openTabId.value) ?? null);
export const past = signal<readonly Past[]>(storedHistory());
/** The last that the server said of a text, with the text; null before that. */
export const explained = signal<{ readonly text: string; readonly told: Explanation } | null>(null);

/** Returns what belongs to the open tab's text. */
export function queryContext(): Omit<Asked, 'query'> {
  const { connection, params } = openTab.value;
  const given = parameterNames.value
    .filter((name) => params[name] !== undefined)
    .map((name) => [name, parameterValue(params[name]!)]);
  return {
    ...(connection === null ? {} : { connection }),
    ...(given.length === 0 ? {} : { params: Object.fromEntries(given) }),
  };
}

/**
 * Runs a query, by default the text of the open tab; with `isAnew` no answer that the server keeps will do. A run of the tab before it is
 * cancelled. Resolves to how it ended.
 */
export async function start(query = openTab.value.text, isAnew = false): Promise<Run | null> {
  const asked = { ...queryContext(), query };
  const queryId = `console-${randomId()}`;
  return await follow({ queryId, asked, jobId: null }, (options) => runQuery(asked, isAnew, options));
}

/** Fetches the result of a job into the open tab. Resolves to how that ended. */
export async function showJob(jobId: string, queryId: string, asked: Asked): Promise<Run | null> {
  return await follow({ queryId, asked, jobId }, (options) => fetchResult(jobId, options));
}

async function follow(
  one: Pick<Run, 'queryId' | 'asked' | 'jobId'>,
  answer: (options: RunOptions) => Promise<Finished>,
): Promise<Run | null> {
  cancel();
  const { id, text } = openTab.value;
  const request = new AbortController();
  requests.set(id, request);
  setRun(id, begun(one, text));
  // Another run of the tab has taken its place when its request is another one.
  const isCurrent = () => requests.get(id) === request;
  const change = (part: Partial<Run>) => {
    const current = runs.value.get(id);
    if (current !== undefined && isCurrent()) setRun(id, { ...current, ...part });
  };
  const shown = (rows: RowStore) => ({ rows, columns: rows.columns, rowCount: rows.rowCount });
  const arrived = atMostOncePerFrame((rows: RowStore) => {
    if (runs.value.get(id)?.state === 'running') change(shown(rows));
  });
  const { queryId, asked } = one;
  try {
    const finished = await answer({ queryId, signal: request.signal, room: roomBeside(id), arrived });
    change({ state: 'done', finished, ...shown(finished.rows) });
    if (isCurrent()) rememberRun(asked, finished.rows.rowCount);
  } catch (thrown) {
    if (isAbort(thrown)) change({ state: 'cancelled' });
    else {
      const { problem } = unreachable(thrown);
      // The state is the same whoever cancelled it, here or elsewhere.
      change(problem.code === 'cancelled' ? { state: 'cancelled', problem } : { state: 'failed', problem });
    }
  }
  return runs.value.get(id) ?? null;
}

function rememberRun({ query, connection }: Asked, rows: number): void {
  past.value = remember({ query, connection: connection ?? null, at: Date.now(), rows });
}

/** Drops all answers, and ends what runs. */
export function dropRuns(): void {
  for (const id of runs.value.keys()) endRun(id);
  runs.value = new Map();
  explained.value = null;
}

/** Ends the run of the open tab: the server is told, so that the database stops as well. */
export function cancel(): void {
  endRun(openTabId.value);
}

/** Forgets the run of a tab that is closed. */
export function forgetRun(id: string): void {
  endRun(id);
  const left = new Map(runs.value);
  left.delete(id);
  runs.value = left;
}

function endRun(id: string): void {
  const current = runs.value.get(id);
  requests.get(id)?.abort();
  requests.delete(id);
  if (current?.state !== 'running') return;
  setRun(id, { ...current, state: 'cancelled' });
  // A query that ended meanwhile is not there any more, which is as good.
  void ask(`v1/queries/${current.queryId}`, { method: 'DELETE' }).catch(() => {});
}

/** Returns the bytes that a new answer may have, after the rows of other tabs gave way until it can have half of all. */
function roomBeside(id: string): number {
  const others = [...runs.value].filter(([other, { rows }]) => other !== id && rows !== null);
  let taken = others.reduce((sum, [, { rows }]) => sum + rows!.byteCount, 0);
  for (const [other, one] of others) {
    if (taken <= KEPT_BYTES / 2) break;
    if (one.state === 'running') continue;
    taken -= one.rows!.byteCount;
    setRun(other, { ...one, rows: null, rowCount: 0, isDropped: true });
  }
  return Math.max(KEPT_BYTES - taken, KEPT_BYTES / 2);
}

function begun(one: Pick<Run, 'queryId' | 'asked' | 'jobId'>, text: string): Run {
  return {
    ...{ ...one, text, state: 'running', columns: [], rows: null, rowCount: 0 },
    ...{ finished: null, problem: null, startedAt: Date.now(), isDropped: false },
  };
}

function setRun(id: string, one: Run): void {
  runs.value = new Map(runs.value).set(id, one);
}

function atMostOncePerFrame<T>(action: (value: T) => void): (value: T) => void {
  let latest: T;
  let isWaiting = false;
  return (value) => {
    latest = value;
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => {
      isWaiting = false;
      action(latest);
    });
  };
}
