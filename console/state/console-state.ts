/** The state of the console: the tabs, and the run of the open one. Panels read the signals; what changes them stands here. */
import { batch, computed, signal } from '@preact/signals';
import type { Asked } from '../api/asked.ts';
import { ask, isAbort } from '../api/client.ts';
import type { Explanation, ShownColumn } from '../api/explain.ts';
import { type Problem, unreachable } from '../api/problem.ts';
import { type Finished, runQuery } from '../api/run-query.ts';
import type { ChartChoice } from '../chart/chart-data.ts';
import type { RowStore } from '../rows/row-store.ts';
import { type Past, readOrNew, remember, storedHistory, storeTabs, type Tab } from '../share/stored.ts';
import { parametersOf, parameterValue } from './parameters.ts';

export type View = 'rows' | 'chart' | 'plan' | 'history' | 'server';

export interface Run {
  readonly queryId: string;
  readonly query: string;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  readonly columns: readonly ShownColumn[];
  readonly rows: RowStore | null;
  /** Changes with each piece that arrives, while `rows` stays the same object. */
  readonly rowCount: number;
  readonly finished: Finished | null;
  readonly problem: Problem | null;
  readonly startedAt: number;
}

export const tabs = signal<readonly Tab[]>(readOrNew());
export const openTabId = signal(tabs.value[0]!.id);
export const openTab = computed(() => tabs.value.find(({ id }) => id === openTabId.value) ?? tabs.value[0]!);
export const parameterNames = computed(() => parametersOf(openTab.value.text));
export const run = signal<Run | null>(null);
export const explanation = signal<Explanation | null>(null);
export const chart = signal<ChartChoice | null>(null);
export const view = signal<View>('rows');
export const past = signal<readonly Past[]>(storedHistory());

let running: AbortController | null = null;

export function changeTab(change: Partial<Tab>): void {
  const { id } = openTab.value;
  tabs.value = tabs.value.map((tab) => (tab.id === id ? { ...tab, ...change } : tab));
  storeTabs(tabs.value);
}

export function addTab(text = '', connection: string | null = null): void {
  const tab: Tab = { id: crypto.randomUUID(), text, connection, params: {} };
  batch(() => {
    tabs.value = [...tabs.value, tab];
    openTabId.value = tab.id;
  });
  storeTabs(tabs.value);
}

/** Closes a tab; the last one is emptied instead. */
export function closeTab(id: string): void {
  const rest = tabs.value.filter((tab) => tab.id !== id);
  if (rest.length === 0) {
    changeTab({ text: '', params: {} });
    return;
  }
  batch(() => {
    if (openTabId.value === id) openTabId.value = rest.at(-1)!.id;
    tabs.value = rest;
  });
  storeTabs(rest);
}

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

/** Runs a query of the open tab. A run before it is cancelled. Resolves when it ended, whatever way. */
export async function start(query: string): Promise<void> {
  cancel();
  const request = new AbortController();
  running = request;
  const queryId = `console-${crypto.randomUUID()}`;
  const startedAt = performance.now();
  run.value = {
    queryId,
    query,
    state: 'running',
    columns: [],
    rows: null,
    rowCount: 0,
    finished: null,
    problem: null,
    startedAt,
  };
  const change = (part: Partial<Run>) => {
    if (run.value?.queryId === queryId) run.value = { ...run.value, ...part };
  };
  try {
    const finished = await runQuery(
      { ...queryContext(), query },
      queryId,
      request.signal,
      atMostOncePerFrame((rows: RowStore) => {
        if (run.value?.state === 'running') change({ rows, columns: rows.columns, rowCount: rows.rowCount });
      }),
    );
    const { rows } = finished;
    change({ state: 'done', finished, rows, columns: rows.columns, rowCount: rows.rowCount });
    past.value = remember({
      query,
      connection: openTab.value.connection,
      at: Date.now(),
      rows: rows.rowCount,
    });
  } catch (thrown) {
    if (isAbort(thrown)) change({ state: 'cancelled' });
    else change({ state: 'failed', problem: unreachable(thrown).problem });
  }
}

/** Ends the run that goes on: the server is told, so that the database stops as well. */
export function cancel(): void {
  const current = run.value;
  if (running === null || current?.state !== 'running') return;
  running.abort();
  running = null;
  run.value = { ...current, state: 'cancelled' };
  // A query that ended meanwhile is not there any more, which is as good.
  void ask(`v1/queries/${current.queryId}`, { method: 'DELETE' }).catch(() => {});
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
