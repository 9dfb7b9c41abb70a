/** The things that this browser keeps: the open tabs, the queries that ran, and the jobs that were started here. Nothing breaks when storage is full or switched off. */
import type { Asked } from '../api/asked.ts';
import { randomId } from '../api/random-id.ts';
import type { ChartChoice } from '../chart/chart-data.ts';

/** A model that a query begins with; its parameters stand in its own text, not in the query's. */
export interface ReadModel {
  readonly name: string;
  readonly parameters: readonly string[];
}

export interface Tab {
  readonly id: string;
  readonly text: string;
  /** null for the default connection. */
  readonly connection: string | null;
  readonly params: Readonly<Record<string, string>>;
  /** null for a query of which no model is known. */
  readonly model: ReadModel | null;
  /** null for the chart that fits. */
  readonly chart: ChartChoice | null;
}

export interface Past {
  readonly query: string;
  readonly connection: string | null;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly rows: number | null;
}

/** A job of this console, whose result has the form that the grid reads. The server tells of a job only the beginning of its text. */
export interface StartedJob {
  readonly id: string;
  readonly asked: Asked;
}

const TABS = 'forkline.tabs';
const JOBS = 'forkline.jobs';
const JOBS_LIMIT = 100;
const HISTORY = 'forkline.history';
const HISTORY_LIMIT = 200;
/** Characters of a query beyond which the history does not keep it. */
const TEXT_LIMIT = 20_000;

export function newTab(): Tab {
  return { id: randomId(), text: '', connection: null, params: {}, model: null, chart: null };
}

/** Returns the tabs that were open last, or a new empty one. */
export function readOrNew(): readonly Tab[] {
  const tabs = readTabs();
  return tabs.length > 0 ? tabs : [newTab()];
}

export function storeTabs(tabs: readonly Tab[]): void {
  write(TABS, tabs);
}

/** Calls `changed` when another page of this browser has stored its tabs. */
export function onTabsStored(changed: (tabs: readonly Tab[]) => void): void {
  addEventListener('storage', ({ key }) => {
    if (key !== TABS) return;
    const tabs = readTabs();
    if (tabs.length > 0) changed(tabs);
  });
}

export function storedHistory(): readonly Past[] {
  return read<Past>(HISTORY, (past) => typeof past.query === 'string' && typeof past.at === 'number');
}

/** Returns the history with a query that ran; the same query before it is left out. */
export function remember(past: Past): readonly Past[] {
  if (past.query.length > TEXT_LIMIT) return storedHistory();
  const others = storedHistory().filter(
    ({ query, connection }) => query !== past.query || connection !== past.connection,
  );
  const history = [past, ...others].slice(0, HISTORY_LIMIT);
  write(HISTORY, history);
  return history;
}

export function forgetHistory(): readonly Past[] {
  write(HISTORY, []);
  return [];
}

export function storedJobs(): readonly StartedJob[] {
  return read<StartedJob>(
    JOBS,
    ({ id, asked }) => typeof id === 'string' && typeof asked?.query === 'string',
  );
}

export function rememberJob(job: StartedJob): readonly StartedJob[] {
  const jobs = [job, ...storedJobs()].slice(0, JOBS_LIMIT);
  write(JOBS, jobs);
  return jobs;
}

/** Forgets everything of those who worked here: texts, values of parameters, history, jobs. How the page looks stays. */
export function forgetAll(): void {
  for (const item of [TABS, HISTORY, JOBS]) remove(item);
}

/** Returns the stored tabs; members that an older page did not store get their defaults. */
function readTabs(): readonly Tab[] {
  return read<Tab>(TABS, (tab) => typeof tab.id === 'string' && typeof tab.text === 'string').map((tab) => ({
    ...newTab(),
    ...tab,
  }));
}

function read<T>(item: string, isValid: (one: T) => boolean): readonly T[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(item) ?? '[]');
    return Array.isArray(value)
      ? (value as T[]).filter((one) => one !== null && typeof one === 'object' && isValid(one))
      : [];
  } catch {
    return [];
  }
}

function remove(item: string): void {
  try {
    localStorage.removeItem(item);
  } catch {
    // Storage is switched off: nothing is kept in it.
  }
}

function write(item: string, value: unknown): void {
  try {
    localStorage.setItem(item, JSON.stringify(value));
  } catch {
    // The storage is full or switched off: the page works on, and forgets.
  }
}
