/**
 * The screen of `forkline top` as lines of text, and the state behind it, which keys change. Pure: what is on the screen
 * follows from the last answers of the server, the keys pressed so far, and the size of the terminal.
 */
import { displayWidth } from './kit/table.ts';
import { processTable, type QueryRow, queryTable, type ShownProcess } from './status.ts';

export type SortKey = 'cpu' | 'memory' | 'age' | 'process';

export interface TopState {
  readonly sort: SortKey;
  /** The query that keys act on; it stays chosen while the list around it changes. */
  readonly chosen: string | null;
  /** Waiting for `y` to kill it. */
  readonly confirming: boolean;
  /** The result of the last key, or the server's last failure. */
  readonly message: string;
}

export interface TopData {
  readonly processes: readonly ShownProcess[];
  /** Running ones. */
  readonly queries: readonly QueryRow[];
}

export const startState: TopState = { sort: 'cpu', chosen: null, confirming: false, message: '' };

const SORTS: Readonly<Record<string, SortKey>> = { c: 'cpu', m: 'memory', a: 'age', p: 'process' };
const HELP = 'sort: c cpu, m memory, a age, p process   choose: arrows or j k   x kill the query   q quit';

/** The action that a key asks for besides another state. */
export type TopAction =
  | { readonly type: 'none' }
  | { readonly type: 'quit' }
  | { readonly type: 'kill'; readonly queryId: string };

export function pressKey(
  state: TopState,
  key: string,
  { queries }: TopData,
): { readonly state: TopState; readonly action: TopAction } {
  const none = { type: 'none' } as const;
  if (key === 'q' || key === '\u0003') return { state, action: { type: 'quit' } };
  if (state.confirming) return answerConfirmation(state, key);
  const sort = SORTS[key];
  if (sort !== undefined) return { state: { ...state, sort, message: `sorted by ${sort}` }, action: none };
  if (key === 'j' || key === '\u001b[B') return { state: move(state, queries, 1), action: none };
  if (key === 'k' || key === '\u001b[A') return { state: move(state, queries, -1), action: none };
  if (key !== 'x') return { state, action: none };
  const chosen = chosenQuery(state, queries);
  const asking =
    chosen === null
      ? { ...state, message: 'no query runs' }
      : { ...state, chosen, confirming: true, message: `kill query ${chosen}? y / n` };
  return { state: asking, action: none };
}

function answerConfirmation(state: TopState, key: string): { state: TopState; action: TopAction } {
  const { chosen } = state;
  const answered = { ...state, confirming: false };
  if (key !== 'y' || chosen === null)
    return { state: { ...answered, message: 'not killed' }, action: { type: 'none' } };
  return {
    state: { ...answered, message: `killing ${chosen}` },
    action: { type: 'kill', queryId: chosen },
  };
}

function move(state: TopState, queries: readonly QueryRow[], by: number): TopState {
  const sorted = longestFirst(queries);
  const chosen = chosenQuery(state, queries);
  const index = sorted.findIndex(({ queryId }) => queryId === chosen) + by;
  const next = sorted[Math.max(0, Math.min(sorted.length - 1, index))];
  return { ...state, chosen: next?.queryId ?? null, message: '' };
}

/** The first one until another is chosen, and when that one has ended. */
function chosenQuery({ chosen }: TopState, queries: readonly QueryRow[]): string | null {
  if (queries.some(({ queryId }) => queryId === chosen)) return chosen;
  return longestFirst(queries)[0]?.queryId ?? null;
}

/** `width` and `height` in characters; Infinity: everything, for a print. */
export function renderTop(data: TopData, state: TopState, width: number, height: number): string[] {
  const { processes, queries } = data;
  const chosen = chosenQuery(state, queries);
  const interactive = Number.isFinite(height);
  const title = `forkline: ${processes.length} processes, ${queries.length} queries running, by ${state.sort}`;
  const processLines = processTable(sortProcesses(processes, state.sort)).split('\n');
  const queryLines = queryTable('running', longestFirst(queries)).split('\n');
  const marked = queryLines.map((line) =>
    interactive && chosen !== null && line.startsWith(`${chosen} `) ? `> ${line}` : `  ${line}`,
  );
  const tail = interactive ? ['', ...marked, '', state.message, HELP] : ['', ...queryLines];
  const room = Math.max(3, height - tail.length - 2);
  const shown = processLines.slice(0, room);
  const hidden = processLines.length - shown.length;
  const lines = [title, ...shown, ...(hidden > 0 ? [`... ${hidden} more`] : []), ...tail];
  return lines.slice(0, height).map((line) => fit(line, width));
}

function sortProcesses(processes: readonly ShownProcess[], sort: SortKey): ShownProcess[] {
  const by: Readonly<Record<SortKey, (a: ShownProcess, b: ShownProcess) => number>> = {
    cpu: (a, b) => (b.cpuPercent ?? 0) - (a.cpuPercent ?? 0),
    memory: (a, b) => (b.rssBytes ?? 0) - (a.rssBytes ?? 0),
    age: (a, b) => b.ageMs - a.ageMs,
    process: (a, b) => a.workerId.localeCompare(b.workerId, 'en', { numeric: true }),
  };
  return [...processes].sort(by[sort]);
}

function longestFirst(queries: readonly QueryRow[]): QueryRow[] {
  return [...queries].sort((a, b) => b.elapsedMs - a.elapsedMs);
}

/** Cut to that many columns. */
function fit(line: string, width: number): string {
  if (displayWidth(line) <= width) return line;
  let cut = line.slice(0, width);
  while (displayWidth(cut) > width) cut = cut.slice(0, -1);
  return cut;
}
