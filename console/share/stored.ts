/** The things that this browser keeps: the open tabs, and the queries that ran. Nothing breaks when storage is full or switched off. */
export interface Tab {
  readonly id: string;
  readonly text: string;
  readonly connection: string | null;
  readonly params: Readonly<Record<string, string>>;
}

export interface Past {
  readonly query: string;
  readonly connection: string | null;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly rows: number | null;
}

const TABS = 'forkline.tabs';
const HISTORY = 'forkline.history';
const HISTORY_LIMIT = 200;
/** Characters of a query beyond which the history does not keep it. */
const TEXT_LIMIT = 20_000;

/** Returns the tabs that were open last, or a new empty one. */
export function readOrNew(): readonly Tab[] {
  const tabs = read<Tab>(TABS, (tab) => typeof tab.id === 'string' && typeof tab.text === 'string');
  return tabs.length > 0 ? tabs : [{ id: crypto.randomUUID(), text: '', connection: null, params: {} }];
}

export function storeTabs(tabs: readonly Tab[]): void {
  write(TABS, tabs);
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

function write(item: string, value: unknown): void {
  try {
    localStorage.setItem(item, JSON.stringify(value));
  } catch {
    // The storage is full or switched off: the page works on, and forgets.
  }
}
