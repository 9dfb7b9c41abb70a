/** `forkline status`: the server's processes and queries, for people (--json: as the API gives them). */

import type { ProcessRow, WorkedQuery } from '../core/protocol/monitor.ts';
import type { Client } from './kit/client.ts';
import { durationText } from './kit/duration-text.ts';
import { renderTable } from './kit/table.ts';

/** The fields of GET /v1/queries that are shown. */
export interface QueryRow {
  readonly queryId: string;
  readonly state: string;
  readonly phase: string;
  readonly query: string;
  readonly elapsedMs: number;
  readonly rows: number | null;
  readonly error: { readonly code: string } | null;
}

/** A row of the process table; the monitor alone does not know which connections queries are over. */
export type ShownProcess = ProcessRow & { readonly queries?: readonly WorkedQuery[] };

const RECENT_SHOWN = 10;
const QUERY_CHARS = 60;

export async function showStatus(
  client: Client,
  json: boolean,
  stdout: NodeJS.WritableStream,
): Promise<void> {
  const [{ processes }, { queries }] = await Promise.all([
    client.getJson<{ processes: readonly ShownProcess[] }>('/v1/processes'),
    client.getJson<{ queries: readonly QueryRow[] }>('/v1/queries'),
  ]);
  if (json) {
    stdout.write(`${JSON.stringify({ processes, queries }, null, 2)}\n`);
    return;
  }
  const running = queries.filter(({ state }) => state === 'running');
  const recent = queries.filter(({ state }) => state !== 'running').slice(0, RECENT_SHOWN);
  stdout.write(
    `${processTable(processes)}\n\n${queryTable('running', running)}\n\n${queryTable('recent', recent)}\n`,
  );
}

export function processTable(processes: readonly ShownProcess[]): string {
  const left = (name: string) => ({ name, alignRight: false });
  const right = (name: string) => ({ name, alignRight: true });
  const columns = [
    left('process'),
    right('pid'),
    right('ppid'),
    left('state'),
    left('kernel'),
    right('cpu %'),
  ];
  const memory = [right('rss MiB'), right('pss MiB'), right('files')];
  const more = [right('age'), right('served'), left('waits in'), left('query'), left('reads from')];
  const rows = processes.map((row) => [
    row.workerId,
    row.pid,
    row.ppid,
    row.state,
    row.kernelState ?? '',
    row.cpuPercent?.toFixed(0) ?? '',
    mebibytes(row.rssBytes),
    mebibytes(row.pssBytes),
    row.openFiles ?? '',
    durationText(row.ageMs),
    row.queriesServed,
    row.wchan ?? '',
    row.queryId ?? '',
    readFrom(row),
  ]);
  return renderTable([...columns, ...memory, ...more], rows);
}

/** Returns the connections that the process reads for queries now, each once with its kind: `lake (files)`. */
function readFrom({ queries = [] }: ShownProcess): string {
  const all = queries.map(({ connection, kind }) => (kind === null ? connection : `${connection} (${kind})`));
  return [...new Set(all)].join(', ');
}

function mebibytes(bytes: number | null): string {
  return bytes === null ? '' : (bytes / 1024 ** 2).toFixed(0);
}

export function queryTable(title: string, queries: readonly QueryRow[]): string {
  if (queries.length === 0) return `no ${title} queries`;
  const columns = [`${title} query`, 'state', 'ms', 'rows', 'text'].map((name) => ({
    name,
    alignRight: name === 'ms' || name === 'rows',
  }));
  const rows = queries.map(({ queryId, state, phase, elapsedMs, rows: count, error, query }) => [
    queryId,
    state === 'running' ? phase : (error?.code ?? state),
    elapsedMs.toFixed(0),
    count ?? '',
    shorten(query),
  ]);
  return renderTable(columns, rows);
}

function shorten(query: string): string {
  const line = query.replace(/\s+/g, ' ').trim();
  return line.length <= QUERY_CHARS ? line : `${line.slice(0, QUERY_CHARS - 3)}...`;
}
