/**
 * The line in which `forkline query` shows on a terminal how far databases have come, of those that tell it (Spark). It stands on standard error,
 * is written over while the query runs, and is gone when the answer begins.
 */
import type { NamedProgress } from '../../core/protocol/source-progress.ts';
import type { Client } from './client.ts';

const EACH_MS = 1000;
const CLEAR = '\r\x1b[K';
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

interface ShownQuery {
  readonly elapsedMs: number;
  readonly sources?: readonly NamedProgress[];
}

/** Shows the line until the function that is returned is called. */
export function showProgress(
  client: Client,
  queryId: string,
  terminal: NodeJS.WritableStream,
  eachMs = EACH_MS,
): () => void {
  let isShown = false;
  let isOver = false;
  let isAsking = false;
  const look = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    // A server that does not tell is no trouble of the query's.
    const query = await client
      .getJson<ShownQuery>(`/v1/queries/${encodeURIComponent(queryId)}`)
      .catch(() => null);
    isAsking = false;
    const line = query === null ? '' : progressLine(query);
    if (isOver || line === '') return;
    isShown = true;
    terminal.write(`${CLEAR}${line}`);
  };
  const timer = setInterval(() => void look(), eachMs);
  return () => {
    isOver = true;
    clearInterval(timer);
    if (isShown) terminal.write(CLEAR);
  };
}

/** `lake: 1/3 stages, 41/200 tasks (2 running), 1.2 GB read; 12 s`; empty where no database tells anything. */
export function progressLine({ elapsedMs, sources = [] }: ShownQuery): string {
  if (sources.length === 0) return '';
  return `${sources.map(shown).join('; ')}; ${Math.round(elapsedMs / 1000)} s`;
}

function shown(source: NamedProgress): string {
  const { connection, stages, stagesDone, tasks, tasksDone, tasksRunning, bytesRead } = source;
  const running = tasksRunning === 0 ? '' : ` (${tasksRunning} running)`;
  return `${connection}: ${stagesDone}/${stages} stages, ${tasksDone}/${tasks} tasks${running}, ${shownBytes(bytesRead)} read`;
}

function shownBytes(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${UNITS[power]}`;
}
