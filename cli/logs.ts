/**
 * `forkline logs`: the log through the API, for people; --summary the analysis of it, --json either as the API answers.
 * A line is its time, level, process and event, then its other fields as name=value: nothing of a line is left out but
 * what only machines need (pid, stream, seq). That there are more lines than were asked for is said on stderr.
 */
import type { LogSummary } from '../core/protocol/log-stats.ts';
import type { Client } from './kit/client.ts';
import type { Output } from './kit/output.ts';
import { renderTable } from './kit/table.ts';

export interface LogsQuestion {
  readonly query: string | null;
  readonly level: string | null;
  /** ISO 8601. */
  readonly since: string | null;
  readonly limit: number | null;
}

export interface LogsCommand extends LogsQuestion {
  readonly summary: boolean;
  readonly json: boolean;
}

/** The answer of GET /v1/logs. */
export interface FoundLog {
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  readonly truncated: boolean;
  /** Files that could not be searched. */
  readonly unreadable?: readonly string[];
}

export async function runLogs(client: Client, command: LogsCommand, output: Output): Promise<void> {
  const { json, summary } = command;
  const answer = await client.getJson<object>(logsPath(command));
  if (json) output.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
  else if (summary) output.stdout.write(`${renderSummary(answer as LogSummary)}\n`);
  else showLines(answer as FoundLog, output);
}

export function logsPath({ query, level, since, limit, summary }: Omit<LogsCommand, 'json'>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries({ query, level, since, limit }))
    if (value !== null) search.set(name, String(value));
  const path = summary ? '/v1/logs/summary' : '/v1/logs';
  return search.size === 0 ? path : `${path}?${search}`;
}

function showLines({ lines, truncated, unreadable = [] }: FoundLog, { stdout, stderr }: Output): void {
  for (const line of lines) stdout.write(`${renderLine(line)}\n`);
  if (lines.length === 0) stderr.write('no such lines\n');
  if (truncated)
    stderr.write(`these are the newest ${lines.length}; there are more: --limit N, up to 10000\n`);
  for (const file of unreadable) stderr.write(`not searched, because it cannot be read: ${file}\n`);
}

const FOR_MACHINES: ReadonlySet<string> = new Set(['role', 'pid', 'stream', 'seq']);

export function renderLine(line: Readonly<Record<string, unknown>>): string {
  const { time, level, process: name, event, ...rest } = line;
  const fields = Object.entries(rest)
    .filter(([field]) => !FOR_MACHINES.has(field))
    .map(([field, value]) => `${field}=${fieldText(value)}`);
  const head = [String(time), String(level).padEnd(5), String(name).padEnd(8), String(event)];
  return [...head, ...fields].join(' ');
}

/** Texts that are no single word, and all that could move the terminal's cursor, as JSON writes them. */
function fieldText(value: unknown): string {
  const isWord = typeof value === 'string' && /^[\w.:/@%+-]+$/.test(value);
  if (isWord) return value;
  // JSON leaves these as they are.
  return JSON.stringify(value).replace(
    /[\u007f-\u009f]/g,
    (char) => `\\u00${char.charCodeAt(0).toString(16)}`,
  );
}

export function renderSummary(summary: LogSummary): string {
  const { from, to, queries, shapes, unlistedQueries } = summary;
  const unlisted = unlistedQueries === 0 ? '' : `, ${unlistedQueries} queries of further shapes not listed`;
  return [
    `${from} to ${to}: ${queries.count} queries, ${queries.failed} failed, ${shapes} shapes${unlisted}`,
    ratesTable(summary),
    shapesTable('slowest', summary.slowest),
    shapesTable('most failing', summary.mostFailing),
  ].join('\n\n');
}

function ratesTable({ rates }: LogSummary): string {
  if (rates.length === 0) return 'no lines';
  const columns = ['role', 'level', 'lines', 'a second'];
  return renderTable(
    columns.map((name, index) => ({ name, alignRight: index > 1 })),
    rates.map(({ role, level, lines, perSecond }) => [role, level, lines, perSecond]),
  );
}

function shapesTable(title: string, shapes: LogSummary['slowest']): string {
  if (shapes.length === 0) return `${title}: none`;
  const numbers = ['mean ms', 'max ms', 'count', 'failed'].map((name) => ({ name, alignRight: true }));
  const texts = ['codes', 'newest query', title].map((name) => ({ name, alignRight: false }));
  const rows = shapes.map(({ meanMs, maxMs, count, failed, codes, queryId, shape }) => {
    const failures = Object.entries(codes).map(([code, times]) => `${code} ${times}`);
    return [meanMs, maxMs, count, failed, failures.join(', '), queryId, shape];
  });
  return renderTable([...numbers, ...texts], rows);
}
